cimport cython
from twemproxy.hashing.distribution cimport Distribution
from twemproxy.net.slab cimport Slab
from twemproxy.proxy cimport reason
from twemproxy.proxy.client cimport Client
from twemproxy.proxy.process cimport Process
from twemproxy.proxy.protocol cimport Protocol
from twemproxy.proxy.server cimport Owner, ServerConnection
from twemproxy.stats cimport slot
from twemproxy.stats.counters cimport Block

cdef bytearray PLACEHOLDER
cdef int AVERAGED
cdef long long NAME_LIFETIME_MS

cdef class Pool

cpdef Distribution ring_of(object config)

@cython.final
cdef class Server(Owner):
    cdef public Pool pool
    cdef public object config
    cdef public list conns, newer
    cdef dict aside
    cdef public Block counters
    cdef public bint dropped, ejected, following, named
    cdef public int failures, index, last_error, limit, refused, turn
    cdef public long long retry_at_ms, wait_until_ms, waits_us
    @cython.locals(newer=bint, conns=list, conn=ServerConnection)
    cpdef ServerConnection pick(self, Client client)
    @cython.locals(pool=Pool, conn=ServerConnection)
    cpdef ServerConnection open(self, bint newer)
    @cython.locals(conn=ServerConnection)
    cpdef ServerConnection open_aside(self, bint newer)
    cpdef follow_later(self)
    cpdef retire(self)
    cpdef count_failure(self)
    cpdef damp(self, bint was_usable)

@cython.final
cdef class Pool:
    cdef public dict clients, links
    cdef public object config
    cdef public Block counters
    cdef public Process process
    cdef public Protocol protocol
    cdef public long long readmit_at_ms
    cdef public Distribution ring
    cdef public list servers
    cpdef Py_ssize_t place(self, bytearray buf, Py_ssize_t start, Py_ssize_t end) except -2
    cpdef Py_ssize_t place_nothing(self) except -2
    cpdef eject(self, Server server)
    cpdef readmit(self)
    cpdef rebuild(self)
    @cython.locals(server=Server)
    cpdef ServerConnection connection(self, Py_ssize_t index, Client client)
    cpdef Slab refusal(self, Py_ssize_t index)
