cimport cython
from twemproxy.net.slab cimport Slab
from twemproxy.proxy.memcache_joint cimport disperse, is_shared, values_of
from twemproxy.proxy.memcache_values cimport Values
from twemproxy.proxy.pairing cimport Pairing
from twemproxy.proxy.request cimport Request
from twemproxy.proxy.server_connection cimport ServerConnection
from twemproxy.wire cimport expect, progress, rule
from twemproxy.wire.memcache cimport due
from twemproxy.wire.memcache.response cimport ResponseScanner
from twemproxy.wire.scanner cimport Scanner

cdef class MemcachePairing(Pairing):
    @cython.locals(walker=ResponseScanner, pos=Py_ssize_t, length=Py_ssize_t, buf=bytearray, request=Request, doubtful=bint, shared=bint, alone=bint)
    cdef Py_ssize_t pair(self, ServerConnection conn, Scanner scanner, Slab slab, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(values=Values, end=Py_ssize_t)
    cdef check_fragment(self, ResponseScanner walker, Request request, bytearray buf, Py_ssize_t pos)
