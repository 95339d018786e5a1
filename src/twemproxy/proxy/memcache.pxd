cimport cython
from twemproxy.net.outbox cimport Outbox
from twemproxy.net.slab cimport Slab, permanent
from twemproxy.proxy cimport reason
from twemproxy.proxy.client cimport Client
from twemproxy.proxy.memcache_joint cimport write_jointly
from twemproxy.proxy.memcache_split cimport Splitter
from twemproxy.proxy.pool cimport Pool
from twemproxy.proxy.request cimport Request
from twemproxy.proxy.pool_protocol cimport PoolProtocol
from twemproxy.proxy.sending cimport send_on
from twemproxy.proxy.server_connection cimport ServerConnection
from twemproxy.wire cimport progress, rule
from twemproxy.wire.memcache cimport due
from twemproxy.wire.memcache.plain cimport key_hash
from twemproxy.wire.memcache.request cimport RequestScanner

@cython.final
cdef class MemcacheProtocol(PoolProtocol):
    cdef int[::1] how, reply, first, blocks, times
    cdef Splitter splitter
    cdef long long[::1] asked
    cdef readonly object local
    cdef dict faults

    @cython.locals(pos=Py_ssize_t, status=int, length=Py_ssize_t)
    cdef Py_ssize_t walk(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(row=int, how=int, reply=int, first=int, start=Py_ssize_t, end=Py_ssize_t, index=Py_ssize_t)
    cdef route(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t at)
    cdef bint is_single(self, RequestScanner walker) except -1
    @cython.locals(conn=ServerConnection, request=Request, before=Py_ssize_t, length=Py_ssize_t)
    cdef forward(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t at, Py_ssize_t index, int reply)
    @cython.locals(conn=ServerConnection, request=Request, before=Py_ssize_t, length=Py_ssize_t, word=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t, index=Py_ssize_t)
    cdef retrieve(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t at)
    @cython.locals(line=bytes)
    cdef write(self, Outbox outbox, RequestScanner walker, Slab slab, Py_ssize_t at)
    @cython.locals(start=Py_ssize_t, end=Py_ssize_t, index=Py_ssize_t, key=bytearray, quietly=bint, reply=int)
    cdef route_meta(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t at)
    @cython.locals(word=Py_ssize_t, start=Py_ssize_t)
    cdef bint grows(self, RequestScanner walker, bytearray buf, Py_ssize_t at) except -1
    cdef bint would_break_lines(self, RequestScanner walker, bytearray buf, Py_ssize_t at, bytearray key) except -1
    @cython.locals(spans="long long[::1]", word=Py_ssize_t)
    cdef bint has_flag(self, RequestScanner walker, bytearray buf, Py_ssize_t at, int letter) except -1
