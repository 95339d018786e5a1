cimport cython

cdef class Continuum:
    cpdef void rebuild(self, list live) except *
    cpdef Py_ssize_t owner(self, unsigned int h) except -1
    cpdef unsigned int point(self, unsigned int h) except? -1

@cython.locals(middle=Py_ssize_t)
cpdef Py_ssize_t lower_bound(
    unsigned int[::1] values, Py_ssize_t low, Py_ssize_t high,
    unsigned int wanted) except -1
