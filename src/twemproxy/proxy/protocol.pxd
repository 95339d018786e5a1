from twemproxy.net.slab cimport Slab, permanent
from twemproxy.proxy.connection cimport Connection

cdef class Protocol:
    cdef public long long slow_us
    cdef public object tracer
    cdef dict errors
    cpdef Py_ssize_t requests(self, Connection client, Slab slab, Py_ssize_t start, Py_ssize_t end) except -1
    cpdef on_bad_request(self, Connection client, Slab slab, Py_ssize_t start, Py_ssize_t end, str text)
    cpdef Py_ssize_t responses(self, Connection conn, Slab slab, Py_ssize_t start, Py_ssize_t end) except -1
    cpdef bint passes_request(self, Connection client, Slab slab, Py_ssize_t at) except -1
    cpdef bint passes_response(self, Connection conn) except -1
    cpdef greet(self, Connection conn)
    cpdef Slab error(self, int number)
    cpdef bytes error_line(self, bytes text)
    cpdef trace(self, long long slow_us, object tracer)
    cpdef on_lost(self, Connection conn, int error)
    cpdef on_servers(self)
