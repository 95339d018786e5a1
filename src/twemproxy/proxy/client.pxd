cimport cython
from twemproxy.net.slab cimport Slab
from twemproxy.proxy cimport reason
from twemproxy.proxy.connection cimport Connection
from twemproxy.proxy.pipeline cimport Pipeline
from twemproxy.proxy.process cimport Process
from twemproxy.proxy.protocol cimport Protocol
from twemproxy.proxy.request cimport fail, finish
from twemproxy.stats cimport slot
from twemproxy.stats.counters cimport Block

cdef Py_ssize_t STALLED_BYTES, PARTING_BYTES, HELD_BYTES
cdef long long TURN_US

@cython.final
cdef class Client(Pipeline):
    cdef public long long moved_ms, earned_ms, earned_bytes, counted_in, counted_out, parting_bytes
    cdef public dict owner
    cdef public unsigned char authenticated, broken, draining, in_turns, leaving, resp3
    cdef public object session
    cdef public long long number, since_ms, strange_ms, worked_us
    cdef public str peer

    @cython.locals(pending=Py_ssize_t)
    cpdef say(self, Slab reply)
    cpdef work(self, long long took_us)
    cpdef refuse(self, Slab reply)
    cpdef bint awaits_more(self) except -1
    cpdef bint is_idle(self) except -1
    cpdef catch_up(self)
    cpdef finish_reading(self)
    cpdef drain(self)
    cpdef leave(self)
    cpdef end(self)
    cpdef close(self, int error)
    cpdef count_out(self, int error)
    @cython.locals(fresh_in=cython.longlong, fresh_out=cython.longlong)
    cpdef bint count_bytes(self) except -1
