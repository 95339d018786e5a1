cimport cython
from libc.stdint cimport int64_t
from twemproxy.net.outbox cimport Outbox
from twemproxy.net.slab cimport Slab, holding, permanent
from twemproxy.proxy.client cimport Client
from twemproxy.proxy.pool cimport Pool
from twemproxy.proxy.request cimport Gather, Request, fail, request_of
from twemproxy.proxy.server cimport ServerConnection
from twemproxy.stats cimport slot
from twemproxy.wire cimport expect, rule
from twemproxy.wire.redis.merge cimport after_line, after_value, integer
from twemproxy.wire.redis.request cimport RequestScanner

cdef int ARRAY, BULK
cdef Slab NOTHING
cdef Py_ssize_t MAX_KEY_BYTES, MAX_SERVER_QUEUE_BYTES, KEPT_KEYS, FEW_WORDS
cdef list HEADS

@cython.final
cdef class Values(Gather):
    cdef bytearray places
    cdef list fragments
    @cython.locals(fragment=Request, reply=Slab, places=bytearray, last=Py_ssize_t, i=Py_ssize_t, low=int, high=int, start=Py_ssize_t, end=Py_ssize_t)
    cdef interleave(self, Outbox outbox)

@cython.final
cdef class Count(Gather):
    cdef list fragments
    @cython.locals(fragment=Request, total="int64_t")
    cdef int64_t total(self) except? -1

@cython.final
cdef class Status(Gather):
    pass

@cython.final
cdef class Splitter:
    cdef Pool pool
    cdef int[::1] first, last, lengths, owners, following, places
    cdef Py_ssize_t room, too_long, max_keys
    cdef RequestScanner walker
    cdef Slab slab
    cdef Py_ssize_t at
    cdef int row, how
    cpdef set_room(self, Py_ssize_t keys)
    @cython.locals(step=Py_ssize_t, words=Py_ssize_t, keys=Py_ssize_t)
    cpdef split(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t at, int row, int how)
    @cython.locals(spans="long long[::1]", buf=bytearray, at=Py_ssize_t, servers=int, server=int, key=int, arg=Py_ssize_t)
    cdef bint chain(self, Py_ssize_t keys, Py_ssize_t step) except -1
    @cython.locals(whole=Request, fragments=list, failures=list, servers=int, server=int, fragment=Request, conn=ServerConnection)
    cdef send(self, Client client, Py_ssize_t keys)
    @cython.locals(values=Values, count=Count, places=bytearray, place=int, key=int)
    cdef Gather gather(self, Py_ssize_t keys, list fragments)
    @cython.locals(how=int, step=Py_ssize_t, outbox=Outbox, before=Py_ssize_t, length=Py_ssize_t, count=int, key=int, end=int)
    cdef write(self, ServerConnection conn, Request fragment, int server)
    @cython.locals(heads=list, head=bytearray)
    cdef write_head(self, Outbox outbox, Py_ssize_t words)
    @cython.locals(walker=RequestScanner, excess=Py_ssize_t, key=int, value=Py_ssize_t)
    cdef Py_ssize_t counted_twice(self, int server) except -1
    @cython.locals(walker=RequestScanner, at=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t, arg=Py_ssize_t)
    cdef write_run(self, Outbox outbox, Py_ssize_t first, Py_ssize_t last)
