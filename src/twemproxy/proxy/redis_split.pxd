cimport cython
from libc.stdint cimport int64_t
from twemproxy.net.outbox cimport Outbox
from twemproxy.net.slab cimport Slab, holding, permanent
from twemproxy.proxy.chains cimport Chains
from twemproxy.proxy.client cimport Client
from twemproxy.proxy.pool cimport Pool
from twemproxy.proxy.request cimport Gather, Request, fail, request_of
from twemproxy.proxy.sending cimport send_on
from twemproxy.proxy.server_connection cimport ServerConnection
from twemproxy.stats cimport slot
from twemproxy.wire cimport expect, rule
from twemproxy.wire.redis.merge cimport after_line, integer
from twemproxy.wire.redis.request cimport RequestScanner
from twemproxy.wire.redis.weave cimport Weaver, weaver_of

cdef int ARRAY, BULK
cdef Slab NOTHING
cdef Py_ssize_t MAX_KEY_BYTES, COPIED, COPIED_KEYS, FEW_WORDS, MBUF_HEAD, SHORT
cdef list HEADS

@cython.final
cdef class Values(Gather):
    cdef bytearray places
    cdef list fragments
    @cython.locals(weaver=Weaver, fragment=Request, reply=Slab, chunk=Slab, count=Py_ssize_t, place=Py_ssize_t, at=Py_ssize_t, end=Py_ssize_t)
    cdef interleave(self, Outbox outbox)

@cython.final
cdef class Count(Gather):
    cdef list fragments
    @cython.locals(fragment=Request, total="int64_t")
    cdef int64_t total(self) except? -1

@cython.final
cdef class Status(Gather):
    pass

cdef Py_ssize_t block_of(Py_ssize_t start, Py_ssize_t end, Py_ssize_t begin, Py_ssize_t block) except -1

@cython.final
cdef class Splitter:
    cdef Pool pool
    cdef Chains chains
    cdef long long[::1] excess
    cdef Py_ssize_t max_keys
    cdef RequestScanner walker
    cdef Slab slab
    cdef Py_ssize_t at
    cdef int row, how
    @cython.locals(chains=Chains, step=Py_ssize_t, words=Py_ssize_t, keys=Py_ssize_t, linked=Py_ssize_t)
    cpdef split(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t at, int row, int how)
    @cython.locals(length=Py_ssize_t)
    cdef refuse(self, Client client, Py_ssize_t word)
    @cython.locals(whole=Request, fragments=list, failures=list, chains=Chains, server=int, fragment=Request, conn=ServerConnection)
    cdef send(self, Client client)
    @cython.locals(values=Values, count=Count)
    cdef Gather gather(self, list fragments)
    @cython.locals(how=int, step=Py_ssize_t, outbox=Outbox, before=Py_ssize_t, length=Py_ssize_t, count=int)
    cdef write(self, ServerConnection conn, Request fragment, int server)
    @cython.locals(heads=list, head=bytearray)
    cdef write_head(self, Outbox outbox, Py_ssize_t words)
    @cython.locals(chains=Chains, walker=RequestScanner, chunk=Slab, most=Py_ssize_t, at=Py_ssize_t, end=Py_ssize_t, key=int)
    cdef write_keys(self, Outbox outbox, int server, Py_ssize_t step)
    @cython.locals(walker=RequestScanner, chains=Chains, server=Py_ssize_t, block=Py_ssize_t, begin=Py_ssize_t, key=Py_ssize_t, at=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t)
    cdef count_twice(self)
    @cython.locals(walker=RequestScanner, at=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t, arg=Py_ssize_t)
    cdef write_run(self, Outbox outbox, Py_ssize_t first, Py_ssize_t last)
