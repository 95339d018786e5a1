cimport cython
from libc.stdint cimport int64_t
from twemproxy.net.reactor cimport Timer
from twemproxy.net.slab cimport Slab
from twemproxy.proxy cimport reason, state
from twemproxy.proxy.client cimport Client
from twemproxy.proxy.line cimport Line
from twemproxy.proxy.link cimport Link
from twemproxy.proxy.process cimport Process
from twemproxy.proxy.protocol cimport Protocol
from twemproxy.proxy.request cimport Request, fail_all, finish, is_gone, mark_sent
from twemproxy.stats cimport slot
from twemproxy.stats.counters cimport Block
from twemproxy.wire cimport expect

cdef Py_ssize_t FIRST_VALUE_BYTES
cdef int FADING

cdef class ServerConnection

cdef class Owner:
    cpdef on_closed(self, ServerConnection conn, int error)
    cpdef int64_t on_answer(self, int64_t taken_us) except -1
    cpdef on_trouble(self)

@cython.final
cdef class ServerConnection(Link):
    cdef public Owner owner
    cdef public Protocol protocol
    cdef public long long paired_bytes
    cdef public Request head, tail, unwritten
    cdef public Slab last_words
    cdef public Line line
    cdef public Py_ssize_t written, unsent, unsent_bytes, quiet, quiet_bytes, value_bytes
    cdef public bint joins, resp3, retiring, late
    cdef public long long taken_us
    cdef public Timer timer
    cdef public list waiters

    cpdef int expect(self, Request request, Py_ssize_t length) except -1
    cpdef send_quietly(self, Py_ssize_t length)
    @cython.locals(counters=Block)
    cpdef int count_in(self, Py_ssize_t length, bint asked) except -1
    cpdef bint is_heavy(self, Request request) except -1
    cpdef hold_back(self, Client client)
    @cython.locals(waiters=list, client=Client)
    cpdef release(self)
    @cython.locals(request=Request, counters=Block, taken_us=cython.longlong)
    cpdef answer(self, Slab slab, Py_ssize_t start, Py_ssize_t end, int verdict)
    cpdef learn_length(self, Py_ssize_t length)
    cpdef mark_written(self)
    cpdef int64_t owed_since_us(self) except? -1
    @cython.locals(since_us=cython.longlong)
    cpdef retime(self, long long timeout_ms)
    @cython.locals(due_ms=cython.longlong)
    cpdef arm(self, long long since_us)
    cpdef disarm(self)
    @cython.locals(since_us=cython.longlong)
    cpdef on_clock(self)
    @cython.locals(before=cython.longlong)
    cpdef bint takes_some(self) except -1
    cpdef bint is_for_more(self) except -1
    cpdef retire(self)
    @cython.locals(counters=Block, request=Request, written_bytes=Py_ssize_t)
    cpdef empty_queues(self)
    @cython.locals(request=Request, reply=Slab)
    cpdef fail_all(self, int error)
