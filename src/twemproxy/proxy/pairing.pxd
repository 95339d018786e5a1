from twemproxy.net.slab cimport Slab
from twemproxy.proxy.request cimport Request
from twemproxy.proxy.server_connection cimport ServerConnection
from twemproxy.wire.scanner cimport Scanner

cdef class Pairing:
    cdef Scanner scanner
    cdef object new_scanner
    cdef Py_ssize_t pair(self, ServerConnection conn, Scanner scanner, Slab slab, Py_ssize_t start, Py_ssize_t end) except -1
    cpdef greet(self, ServerConnection conn)
    cpdef bint passes(self, ServerConnection conn) except -1
    cdef Py_ssize_t responses(self, ServerConnection conn, Slab slab, Py_ssize_t start, Py_ssize_t end) except -1
    cdef Request asked(self, ServerConnection conn)
    cdef lend(self, ServerConnection conn)
