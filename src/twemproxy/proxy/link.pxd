cimport cython
from twemproxy.net cimport outcome
from twemproxy.net.reactor cimport Timer
from twemproxy.proxy cimport state
from twemproxy.proxy.connection cimport Connection
from twemproxy.proxy.process cimport Process
from twemproxy.stats cimport slot
from twemproxy.stats.counters cimport Block

cdef class Link(Connection):
    cdef public Block counters
    cdef public str address
    cdef public object addresses
    cdef public Timer share
    cdef public int state, error
    cdef public long long timeout_ms
    cpdef count_resolved(self)
    cpdef close(self, int error)
    @cython.locals(fd=int, late_ms=cython.longlong)
    cpdef attempt(self, int status)
    cpdef attempt_another(self, int status)
    cpdef end_share(self)
    cpdef connect(self, int fd, int status)
    cpdef on_connected(self)
