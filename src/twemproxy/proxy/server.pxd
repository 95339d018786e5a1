cimport cython
from twemproxy.net.reactor cimport Timer
from twemproxy.proxy cimport state
from twemproxy.proxy.client cimport Client
from twemproxy.proxy.process cimport Process
from twemproxy.proxy.protocol cimport Protocol
from twemproxy.proxy.server_connection cimport Owner, ServerConnection
from twemproxy.stats cimport slot
from twemproxy.stats.counters cimport Block

cdef int AVERAGED
cdef long long NAME_LIFETIME_MS

cdef class Server

cdef class Home:
    cdef public Process process
    cdef public object config
    cdef public Protocol protocol
    cdef public dict links
    cpdef eject(self, Server server)

@cython.final
cdef class Server(Owner):
    cdef public Home pool
    cdef public object config
    cdef public list conns, newer
    cdef dict aside
    cdef public Timer following
    cdef public Block counters
    cdef public bint dropped, ejected, named
    cdef public int failures, index, last_error, limit, refused, turn
    cdef public long long retry_at_ms, wait_until_ms, waits_us
    @cython.locals(newer=bint, conns=list, conn=ServerConnection)
    cpdef ServerConnection connection_for(self, Client client)
    cdef list conns_of(self, bint newer)
    @cython.locals(pool=Home, conn=ServerConnection)
    cpdef ServerConnection open(self, bint newer)
    @cython.locals(conn=ServerConnection)
    cpdef ServerConnection open_aside(self, bint newer)
    cpdef follow_later(self)
    cpdef retire(self)
    cpdef count_failure(self)
    cpdef damp(self, bint was_usable)
