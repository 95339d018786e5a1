cimport cython

from twemproxy.hashing.continuum cimport Continuum

cdef unsigned int MASK


@cython.final
cdef class Random(Continuum):
    cdef unsigned int[::1] owners
    cdef unsigned int state
    cdef Py_ssize_t size

    cdef unsigned int _draw(self) noexcept
