cimport cython
from libc.stdint cimport int64_t, uint64_t

cdef uint64_t BASIS, PRIME, MASK, LOW_62

@cython.locals(value=uint64_t, low=uint64_t, high=uint64_t, pos=Py_ssize_t)
cpdef int64_t key_hash(bytearray buf, Py_ssize_t start, Py_ssize_t end) except -1
cpdef Py_ssize_t after_word(bytearray buf, Py_ssize_t pos) except -1
@cython.locals(length=Py_ssize_t)
cpdef Py_ssize_t after_value(bytearray buf, Py_ssize_t pos) except -1
