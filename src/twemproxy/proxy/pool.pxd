cimport cython
from twemproxy.hashing.distribution cimport Distribution
from twemproxy.net.slab cimport Slab
from twemproxy.proxy.server cimport Home, Server
from twemproxy.proxy.client cimport Client
from twemproxy.proxy.process cimport Process
from twemproxy.proxy.protocol cimport Protocol
from twemproxy.proxy.server_connection cimport ServerConnection
from twemproxy.stats cimport slot
from twemproxy.stats.counters cimport Block

cdef bytearray PLACEHOLDER

cpdef Distribution ring_of(object config)

@cython.final
cdef class Pool(Home):
    cdef public dict clients
    cdef public Block counters
    cdef public long long readmit_at_ms
    cdef public Distribution ring
    cdef public list servers
    cdef public bint retired
    cpdef Py_ssize_t place(self, bytearray buf, Py_ssize_t start, Py_ssize_t end) except -2
    cpdef Py_ssize_t place_nothing(self) except -2
    cpdef int readmit_due(self) except -1
    cpdef readmit(self)
    cpdef rebuild(self)
    @cython.locals(server=Server)
    cpdef ServerConnection connection(self, Py_ssize_t index, Client client)
    cpdef Slab refusal(self, Py_ssize_t index)
