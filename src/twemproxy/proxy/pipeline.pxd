cimport cython
from twemproxy.net.slab cimport Slab
from twemproxy.proxy cimport reason, silence
from twemproxy.proxy.connection cimport Connection
from twemproxy.proxy.process cimport Process
from twemproxy.proxy.protocol cimport Protocol
from twemproxy.proxy.request cimport Asker, Gather, Request, request_of
from twemproxy.stats cimport slot
from twemproxy.stats.counters cimport Block

cdef Py_ssize_t FIRST_WINDOW, MAX_WINDOW, MAX_CLIENT_OUTPUT_BYTES

cdef class Pipeline(Asker):
    cdef public Protocol protocol
    cdef public Py_ssize_t big_reply, output_limit
    cdef public int in_flight, window, max_window
    cdef public int silence
    cdef public dict sticky

    cpdef restrict(self, Py_ssize_t window, Py_ssize_t output_bytes)
    @cython.locals(request=Request)
    cpdef Request ask(self, int times)
    cpdef ask_nothing(self)
    @cython.locals(head=Request)
    cdef take_head(self)
    @cython.locals(room=bint)
    cdef widen(self)
    @cython.locals(taken_us=cython.longlong)
    cdef int on_reply(self, Request request, Py_ssize_t length) except -1
    cdef on_slow(self, Request request)
    @cython.locals(tail=Request)
    cdef note(self, Slab slab, Py_ssize_t start, Py_ssize_t end)
    @cython.locals(request=Request, gather=Gather, before=Py_ssize_t)
    cdef move_answered(self)
    @cython.locals(request=Request, following=Request)
    cdef abandon(self)
