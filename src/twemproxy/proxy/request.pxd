cimport cython
from twemproxy.net.slab cimport Slab
from twemproxy.proxy.connection cimport Connection
from twemproxy.stats cimport slot
from twemproxy.stats.counters cimport Block
from twemproxy.wire cimport expect

cdef class Asker
cdef class Gather

@cython.final
cdef class Request:
    cdef public Asker client
    cdef public Request whole, next_asked, next_sent
    cdef public Gather gather
    cdef public Slab reply
    cdef public Py_ssize_t start, end, length, parked, wanted
    cdef public long long started_us, sent_us, upto
    cdef public int expects, times
    cdef public bint answered, failed, joined, silent
    cdef public object trace

cdef class Gather:
    cdef public Request failed
    cdef public Py_ssize_t pending
    cpdef merge(self, Asker client)
    cpdef bint forgives(self) except -1
    @cython.locals(failed=Request)
    cpdef conclude(self, Asker client)

cdef class Asker(Connection):
    cdef public Block counters
    cdef public Request head, tail
    cdef public Py_ssize_t parked
    cdef int deliver(self, Request request, Slab slab, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int advance(self) except -1

@cython.locals(request=Request)
cpdef Request request_of(Asker client, Request whole, long long now_us)
cpdef Request mark_sent(Request request, long long upto, long long now_us, Block counters)
cpdef bint is_gone(Request request) except -1
@cython.locals(client=Asker, length=Py_ssize_t, whole=Request)
cpdef finish(Request request, Slab slab, Py_ssize_t start, Py_ssize_t end, bint bad)
@cython.locals(gather=Gather, client=Asker)
cpdef finish_fragment(Request fragment, Request whole, bint bad)
cpdef fail(Request request, Slab reply)
@cython.locals(following=Request, count=Py_ssize_t)
cpdef Py_ssize_t fail_all(Request request, Slab reply, long long upto) except -1
