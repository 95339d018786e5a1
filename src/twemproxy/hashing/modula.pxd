cimport cython

from twemproxy.hashing.continuum cimport Continuum


@cython.final
cdef class Modula(Continuum):
    cdef unsigned int[::1] last_slots
    cdef unsigned int[::1] owners
    cdef unsigned int total
    cdef list weights

    @cython.locals(low=Py_ssize_t, high=Py_ssize_t, middle=Py_ssize_t)
    cdef Py_ssize_t _index(self, unsigned int slot) except -1
