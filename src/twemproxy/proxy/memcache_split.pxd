cimport cython
from libc.stdint cimport int64_t
from twemproxy.net.outbox cimport Outbox
from twemproxy.net.slab cimport Slab
from twemproxy.proxy.chains cimport Chains
from twemproxy.proxy.client cimport Client
from twemproxy.proxy.pool cimport Pool
from twemproxy.proxy.request cimport Gather, Request, fail, request_of
from twemproxy.proxy.server cimport ServerConnection
from twemproxy.stats cimport slot
from twemproxy.wire cimport rule
from twemproxy.wire.memcache.plain cimport ValueWalker, key_hash
from twemproxy.wire.memcache.request cimport RequestScanner, words_of

cdef Py_ssize_t MAX_SERVER_QUEUE_BYTES, MAX_LINE_BYTES, MAX_TOUCH_BYTES, ROOM, MAX_SPARE
cdef bytearray BLANK, CRLF, END
cdef list _spare

@cython.final
cdef class Values(Gather):
    cdef long long[::1] hashes, starts, ends
    cdef int[::1] places, order, bounds
    cdef list fragments, owners
    cdef dict late
    cdef Py_ssize_t keys
    cdef int at

    cdef begin(self, Py_ssize_t keys)
    @cython.locals(pos=Py_ssize_t, begin=Py_ssize_t, i=Py_ssize_t, hash=int64_t)
    cpdef bint take(self, int number, ValueWalker walker, bytearray buf, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(at=int, stop=int, key=int)
    cdef bint place(self, int number, int64_t hash, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int find_late(self, int number, int64_t hash) except -2
    @cython.locals(fragment=Request, reply=Slab, key=Py_ssize_t, count=Py_ssize_t, place=int, start=int64_t, end=int64_t)
    cdef interleave(self, Outbox outbox)

@cython.locals(values=Values)
cdef Values values_for(Py_ssize_t keys)

@cython.final
cdef class Splitter:
    cdef Pool pool
    cdef Chains chains
    cdef Py_ssize_t at
    cdef int first
    cdef list starts

    @cython.locals(chains=Chains, first=int, keys=Py_ssize_t, start=bytearray)
    cpdef split(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t at)
    @cython.locals(whole=Request, gather=Values, fragment=Request, conn=ServerConnection, server=int, number=int, count=int, failures=list)
    cdef send(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t keys, bytearray start)
    @cython.locals(spans="long long[::1]", chains=Chains, gather=Values, at=Py_ssize_t, first=int, server=int, key=int, number=int, place=int, word=Py_ssize_t, begin=Py_ssize_t, end=Py_ssize_t, length=Py_ssize_t)
    cdef Values gather(self, RequestScanner walker, bytearray buf, Py_ssize_t keys, Py_ssize_t prefix_bytes)
    @cython.locals(order="int[::1]", outbox=Outbox, before=Py_ssize_t, first=int, at=int, stop=int, begin=int, end=int)
    cdef write(self, ServerConnection conn, Request fragment, Values gather, RequestScanner walker, Slab slab, bytearray start)
    @cython.locals(spans="long long[::1]", at=Py_ssize_t, word=Py_ssize_t)
    cdef write_run(self, Outbox outbox, RequestScanner walker, Slab slab, Py_ssize_t begin, Py_ssize_t end)
