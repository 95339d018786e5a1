cimport cython

cdef Py_ssize_t KEPT_KEYS

@cython.final
cdef class Chains:
    cdef readonly int[::1] first, lengths, owners, following
    cdef int[::1] last
    cdef Py_ssize_t room
    cdef set_room(self, Py_ssize_t keys)
    @cython.locals(server=Py_ssize_t)
    cpdef begin(self, Py_ssize_t servers, Py_ssize_t keys)
    cpdef add(self, int key, int server)
    cpdef shrink(self)
