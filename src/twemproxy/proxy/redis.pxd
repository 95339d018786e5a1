cimport cython
from twemproxy.net.clock cimport monotonic_us
from twemproxy.net.slab cimport Slab, copies_fit, holding
from twemproxy.proxy cimport reason
from twemproxy.proxy.client cimport Client
from twemproxy.proxy.pool cimport Pool
from twemproxy.proxy.redis_split cimport Splitter
from twemproxy.proxy.request cimport Request
from twemproxy.proxy.pool_protocol cimport PoolProtocol
from twemproxy.proxy.sending cimport send_on
from twemproxy.proxy.server_connection cimport ServerConnection
from twemproxy.wire cimport progress, rule
from twemproxy.wire.lookup cimport CommandIndex
from twemproxy.wire.redis.request cimport RequestScanner

cdef Py_ssize_t MAX_KEY_BYTES, WORD_BYTES
cdef int PLAIN

@cython.final
cdef class RedisProtocol(PoolProtocol):
    cdef CommandIndex index
    cdef int[::1] how, arity, first, flags, times
    cdef Splitter splitter
    cdef readonly object catalogue, fanout, local, probe

    cdef take_catalogue(self)
    @cython.locals(pos=Py_ssize_t, status=int, length=Py_ssize_t)
    cdef Py_ssize_t walk(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(row=int, how=int, key=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t, index=Py_ssize_t)
    cdef route(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t at)
    @cython.locals(start=Py_ssize_t, row=int)
    cdef bint is_single(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t at) except -1
    @cython.locals(unseen=bint)
    cdef bint is_too_late(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t at) except -1
    @cython.locals(arity=int)
    cdef bint suits(self, Client client, int row, Py_ssize_t words) except -1
    @cython.locals(conn=ServerConnection, request=Request, length=Py_ssize_t, written=Slab)
    cdef forward(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t at, int row, Py_ssize_t index)
    @cython.locals(walker=RequestScanner, typed=Slab)
    cdef route_line(self, Client client, Slab slab, Py_ssize_t start, Py_ssize_t end)
    @cython.locals(row=int, keys=list, began_us=cython.longlong)
    cdef route_slowly(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t at)
    cdef bint can_copy(self, RequestScanner walker) except -1
    cdef route_together(self, Client client, RequestScanner walker, Slab slab, Py_ssize_t at, int row, list keys)
    @cython.locals(start=Py_ssize_t)
    cdef Py_ssize_t place(self, RequestScanner walker, Slab slab, Py_ssize_t at, Py_ssize_t key) except -2
