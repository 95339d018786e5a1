cimport cython


cdef struct Row

@cython.final
cdef class Weaver:
    cdef readonly Py_ssize_t taken, place, start
    cdef Py_ssize_t arrays, count
    cdef bytearray places, rows
    cdef list bufs
    cpdef put(self, Py_ssize_t place, bytearray buf, Py_ssize_t start, Py_ssize_t end)
    cpdef Py_ssize_t fill(self, bytearray target, Py_ssize_t at, Py_ssize_t longest) except -1
    cpdef Py_ssize_t skip(self) except -1
    cdef inline Py_ssize_t place_of(self, Py_ssize_t taken) except -1
    cdef Row *addresses(self) except NULL

cpdef Weaver weaver_of(bytearray places, Py_ssize_t arrays)
