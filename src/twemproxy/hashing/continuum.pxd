cdef class Continuum:
    cpdef void rebuild(self, list live) except *
    cpdef Py_ssize_t owner(self, unsigned int h) except -1
    cpdef unsigned int point(self, unsigned int h) except? -1
