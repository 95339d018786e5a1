cimport cython

from twemproxy.hashing.continuum cimport Continuum, lower_bound


@cython.final
cdef class Modula(Continuum):
    cdef unsigned int[::1] last_slots
    cdef unsigned int[::1] owners
    cdef unsigned int total
    cdef list weights

    cdef Py_ssize_t _index(self, unsigned int slot) except -1
