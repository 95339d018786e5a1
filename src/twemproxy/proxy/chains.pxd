cimport cython
from twemproxy.proxy.pool cimport Pool

@cython.final
cdef class Chains:
    cdef readonly int[::1] first, following, lengths, numbers, owners
    cdef int[::1] last
    cdef long long[::1] hashed, spans
    cdef unsigned int[::1] hashes
    cdef bytearray buf
    cdef Pool pool
    cdef readonly Py_ssize_t keys
    cdef Py_ssize_t at, room, servers, step
    cdef set_room(self, Py_ssize_t keys)
    cpdef begin(self, long long[::1] spans, bytearray buf, Py_ssize_t at, Py_ssize_t keys)
    cpdef end(self)
    cpdef Py_ssize_t link(self, Py_ssize_t word, Py_ssize_t step, Py_ssize_t longest) except -1
    cdef Py_ssize_t find_keys(self, Py_ssize_t word, Py_ssize_t longest) except -1
    cdef int add(self, Py_ssize_t key, Py_ssize_t server) except -1
    cpdef bytearray places(self)
    cpdef Py_ssize_t copy(self, Py_ssize_t server, bytearray target, Py_ssize_t to) except -2
