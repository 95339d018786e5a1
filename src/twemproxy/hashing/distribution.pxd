cimport cython

from twemproxy.hashing.continuum cimport Continuum
from twemproxy.hashing.hash_tag cimport tagged_span
from twemproxy.hashing.hashes cimport hash_span, hash_spans
from twemproxy.hashing.ketama cimport Ketama
from twemproxy.hashing.modula cimport Modula
from twemproxy.hashing.random cimport Random


@cython.final
cdef class Distribution:
    cdef Continuum continuum
    cdef int hash_kind
    cdef bint tagged
    cdef unsigned char opener, closer
    cdef readonly bint hashes
    cdef readonly Py_ssize_t pool_size, live_count

    cpdef void rebuild(self, list live) except *
    cpdef Py_ssize_t server(self, bytearray buf, Py_ssize_t start, Py_ssize_t end) except -2
    cpdef Py_ssize_t server_of(self, unsigned int h) except -2

    @cython.locals(owners=list, start=Py_ssize_t, end=Py_ssize_t)
    cpdef list servers(self, bytearray block, list ends)

    cpdef unsigned int hash_key(
        self, bytearray buf, Py_ssize_t start, Py_ssize_t end) except? -1

    @cython.locals(i=Py_ssize_t)
    cpdef hash_keys(self, bytearray buf, long long[::1] spans, Py_ssize_t count,
                    unsigned int[::1] hashes)

    @cython.locals(i=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t)
    cdef object _narrow(self, bytearray buf, long long[::1] spans, Py_ssize_t count)

    cpdef unsigned int point(self, unsigned int h) except? -1

cdef Continuum _continuum(str kind, list labels, list weights)
