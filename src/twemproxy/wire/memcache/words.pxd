cimport cython
from libc.stdint cimport int64_t, uint64_t
from twemproxy.wire.memcache.plain cimport LineWalker, begins

cdef int64_t INT32, UINT32, MAX_TIME
cdef uint64_t INT64, UINT64_TENTH

cdef class WordReader(LineWalker):
    cdef readonly bint canonical

    @cython.locals(value=int64_t)
    cdef bint is_flags(self, bytearray buf, Py_ssize_t start, Py_ssize_t word) except -1
    @cython.locals(value=int64_t, pos=Py_ssize_t)
    cdef bint is_exptime(self, bytearray buf, Py_ssize_t start, Py_ssize_t word) except -1
    cdef int64_t number(self, bytearray buf, Py_ssize_t start, Py_ssize_t word) except -2
    @cython.locals(value=uint64_t, first=Py_ssize_t, digit=int)
    cdef int64_t digits(self, bytearray buf, Py_ssize_t pos, Py_ssize_t end) except -2
    @cython.locals(end=Py_ssize_t)
    cdef bint begins(self, bytearray buf, Py_ssize_t start, Py_ssize_t word, bytearray text) except -1
    cdef bint equals(self, bytearray buf, Py_ssize_t start, Py_ssize_t word, bytearray text) except -1
