cdef class Scanner:
    cdef readonly Py_ssize_t length, need
    cpdef reset(self)
    cpdef skip(self, Py_ssize_t count)
