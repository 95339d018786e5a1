cimport cython

@cython.locals(first=Py_ssize_t, last=Py_ssize_t)
cpdef (Py_ssize_t, Py_ssize_t) tagged_span(
    bytearray buf, Py_ssize_t start, Py_ssize_t end,
    unsigned char opener, unsigned char closer) except *

@cython.locals(i=Py_ssize_t)
cdef Py_ssize_t _find(
    bytearray buf, Py_ssize_t start, Py_ssize_t end, unsigned char byte) except -1
