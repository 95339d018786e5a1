cimport cython
from twemproxy.net.slab cimport Slab, copied
from twemproxy.proxy.pairing cimport Pairing
from twemproxy.proxy.pool cimport Pool
from twemproxy.proxy.request cimport Request, request_of
from twemproxy.proxy.server_connection cimport ServerConnection
from twemproxy.wire cimport expect, progress
from twemproxy.wire.redis.merge cimport fits, is_trouble
from twemproxy.wire.redis.response cimport ResponseScanner
from twemproxy.wire.scanner cimport Scanner

cdef Py_ssize_t MAX_FENCE_BYTES, MAX_REPLY_BYTES

cdef class RedisPairing(Pairing):
    cdef Pool pool
    cdef object probe

    @cython.locals(request=Request)
    cdef ask_for_us(self, ServerConnection conn, list args, int expects)
    @cython.locals(walker=ResponseScanner, pos=Py_ssize_t, stop=Py_ssize_t, buf=bytearray, request=Request, kind=int, verdict=int, news=bint)
    cdef Py_ssize_t pair(self, ServerConnection conn, Scanner scanner, Slab slab, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(line=Py_ssize_t, stop=Py_ssize_t, whole=bint, verdict=int)
    cdef Py_ssize_t pair_fenced(self, ServerConnection conn, Request request, ResponseScanner walker, Slab slab, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int judge(self, ServerConnection conn, Request request, ResponseScanner walker, bytearray buf, Py_ssize_t start, Py_ssize_t end) except -1
    cdef on_refused(self, ServerConnection conn, Request request, bytearray buf, Py_ssize_t start, Py_ssize_t end)
