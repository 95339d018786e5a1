cdef class Scanner:
    cdef readonly Py_ssize_t at_least, length, need
    cpdef int reset(self) except -1
    cpdef skip(self, Py_ssize_t count)
