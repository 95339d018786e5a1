from libc.stdint cimport int64_t
from twemproxy.wire.scanner cimport Scanner, WordScanner

cdef class LineWalker(WordScanner):
    cdef readonly Py_ssize_t line
    cdef Py_ssize_t letters
    cdef bint take_line(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled, Py_ssize_t limit) except -1
    cdef int64_t last_number(self, bytearray buf, Py_ssize_t start, Py_ssize_t word) except -2

cdef class ValueWalker(Scanner):
    cdef readonly Py_ssize_t key, key_end, behind, values
    cdef long long[::1] hashes, ends
    cpdef bint find_value(self, bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -1
    cpdef Py_ssize_t after_values(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -2

cpdef bint begins(bytearray buf, Py_ssize_t start, Py_ssize_t filled, bytearray text) except -1
cpdef int64_t key_hash(bytearray buf, Py_ssize_t start, Py_ssize_t end) except -1
