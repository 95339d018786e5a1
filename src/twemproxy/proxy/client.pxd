cimport cython
from twemproxy.net.slab cimport Slab
from twemproxy.proxy cimport reason
from twemproxy.proxy.connection cimport Connection
from twemproxy.proxy.process cimport Process
from twemproxy.proxy.protocol cimport Protocol
from twemproxy.proxy.request cimport Asker, Gather, Request, fail, finish, request_of
from twemproxy.stats cimport slot
from twemproxy.stats.counters cimport Block

cdef Py_ssize_t FIRST_WINDOW, MAX_WINDOW, MAX_CLIENT_OUTPUT_BYTES, STALLED_BYTES, PARTING_BYTES, HELD_BYTES
cdef long long TURN_US

@cython.final
cdef class Client(Asker):
    cdef public Protocol protocol
    cdef public Py_ssize_t big_reply, output_limit
    cdef public int in_flight, window, max_window
    cdef public long long moved_ms, earned_ms, earned_bytes, counted_in, counted_out, parting_bytes
    cdef public dict owner, sticky
    cdef public unsigned char authenticated, broken, draining, in_turns, leaving, resp3
    cdef public int silence
    cdef public object session
    cdef public long long number, since_ms, strange_ms, worked_us
    cdef public str peer

    @cython.locals(request=Request)
    cpdef Request ask(self, int times)
    cpdef restrict(self, Py_ssize_t window, Py_ssize_t output_bytes)
    @cython.locals(pending=Py_ssize_t)
    cpdef say(self, Slab reply)
    cpdef work(self, long long took_us)
    cpdef refuse(self, Slab reply)
    @cython.locals(head=Request)
    cpdef take_head(self)
    @cython.locals(room=bint)
    cpdef widen(self)
    cpdef on_slow(self, Request request)
    @cython.locals(tail=Request)
    cpdef note(self, Slab slab, Py_ssize_t start, Py_ssize_t end)
    @cython.locals(number=int, taken_us=cython.longlong)
    cpdef int on_reply(self, Request request, Py_ssize_t length) except -1
    @cython.locals(request=Request, gather=Gather, before=Py_ssize_t)
    cdef move_answered(self)
    cpdef bint awaits_more(self) except -1
    cpdef bint is_idle(self) except -1
    cpdef finish_reading(self)
    cpdef drain(self)
    cpdef leave(self)
    cpdef end(self)
    cpdef close(self, int error)
    cpdef count_out(self, int error)
    @cython.locals(fresh_in=cython.longlong, fresh_out=cython.longlong)
    cpdef bint count_bytes(self) except -1
    @cython.locals(request=Request, following=Request)
    cpdef abandon(self)
