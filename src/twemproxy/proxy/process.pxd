cimport cython
from libc.stdint cimport int64_t
from twemproxy.net.outbox cimport drop_spare
from twemproxy.net.reactor cimport Handler, Reactor
from twemproxy.net.slab cimport Slab
from twemproxy.net.spare cimport trim_blocks
from twemproxy.stats cimport slot
from twemproxy.stats.counters cimport Block

cdef Py_ssize_t PARK_BYTES, PARK_MAX

cdef class Guard:
    cpdef bint refuses(self, Handler conn) except -1

@cython.final
cdef class Process:
    cdef public Guard guard
    cdef public Py_ssize_t mbuf_bytes, soft_bytes, splice_bytes
    cdef public Reactor reactor
    cdef public Block block
    cdef public object resolve, slowlog
    cdef public long long numbered
    cdef public int clients, max_clients
    cdef public set leaving
    cdef Slab parking
    cpdef int64_t number(self) except -1
    cpdef on_opened(self)
    cpdef on_closed(self)
    @cython.locals(parking=Slab)
    cpdef Slab parking_for(self, Py_ssize_t length)
    @cython.locals(parking=Slab)
    cpdef Slab park(self, Slab slab, Py_ssize_t start, Py_ssize_t end)
    cpdef drop_spare(self)
