cimport cython
from twemproxy.net.outbox cimport Outbox
from twemproxy.net.slab cimport Slab
from twemproxy.proxy.chains cimport Chains
from twemproxy.proxy.client cimport Client
from twemproxy.proxy.pool cimport Pool
from twemproxy.proxy.memcache_joint cimport continue_line, end_line, may_join
from twemproxy.proxy.memcache_values cimport Values, values_for
from twemproxy.proxy.request cimport Request, fail, request_of
from twemproxy.proxy.sending cimport send_on
from twemproxy.proxy.server_connection cimport ServerConnection
from twemproxy.stats cimport slot
from twemproxy.wire cimport rule
from twemproxy.wire.memcache cimport due
from twemproxy.wire.memcache.plain cimport key_hash
from twemproxy.wire.memcache.request cimport RequestScanner

cdef Py_ssize_t MAX_LINE_BYTES, MAX_TOUCH_BYTES
cdef bytearray BLANK, CRLF

@cython.final
cdef class Splitter:
    cdef Pool pool
    cdef Chains chains
    cdef Py_ssize_t at
    cdef int first
    cdef list starts
    cdef bint joins

    cdef bint shares(self, ServerConnection conn, int row) except -1
    @cython.locals(chains=Chains, first=int, keys=Py_ssize_t, start=bytearray)
    cpdef split(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t at)
    @cython.locals(whole=Request, gather=Values, fragment=Request, conn=ServerConnection, server=int, number=int, count=int, failures=list)
    cdef send(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t keys, bytearray start)
    @cython.locals(spans="long long[::1]", chains=Chains, gather=Values, at=Py_ssize_t, first=int, server=int, key=int, number=int, place=int, word=Py_ssize_t, begin=Py_ssize_t, end=Py_ssize_t, length=Py_ssize_t)
    cdef Values gather(self, RequestScanner walker, bytearray buf, Py_ssize_t keys, Py_ssize_t prefix_bytes)
    @cython.locals(order="int[::1]", outbox=Outbox, before=Py_ssize_t, first_key=Py_ssize_t, first=int, at=int, stop=int, begin=int, end=int, shares=bint)
    cdef write(self, ServerConnection conn, Request fragment, Values gather, RequestScanner walker, Slab slab, bytearray start)
    @cython.locals(spans="long long[::1]", at=Py_ssize_t, word=Py_ssize_t)
    cdef write_run(self, Outbox outbox, RequestScanner walker, Slab slab, Py_ssize_t begin, Py_ssize_t end)
