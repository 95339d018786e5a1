cimport cython
from libc.stdint cimport int64_t

cdef Py_ssize_t MAX_LINE_BYTES, MAX_LINE_KEYS, MARKS

@cython.final
cdef class Line:
    cdef int64_t number
    cdef readonly int64_t end
    cdef readonly Py_ssize_t length, count
    cdef readonly bint blank
    cdef long long[::1] marks
    cpdef begin(self)
    cpdef bint may_grow(self, int64_t end, Py_ssize_t unsent, Py_ssize_t keys) except -1
    cpdef grow(self, int64_t end, Py_ssize_t more, Py_ssize_t keys, bint blank)
    cpdef bint has(self, int64_t hash) except -1
    cpdef mark(self, int64_t hash)
