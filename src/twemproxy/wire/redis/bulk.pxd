cimport cython

cdef Py_ssize_t MAX_LENGTH

@cython.locals(first=Py_ssize_t, length=Py_ssize_t, digit=int)
cpdef Py_ssize_t after_bulk(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -2
