cimport cython
from libc.stdint cimport int64_t
from twemproxy.net.outbox cimport Outbox
from twemproxy.net.slab cimport Slab
from twemproxy.proxy.line cimport Line
from twemproxy.proxy.request cimport Request
from twemproxy.proxy.server cimport ServerConnection
from twemproxy.wire cimport expect
from twemproxy.wire.memcache.response cimport ResponseScanner

cdef Py_ssize_t MAX_RESPONSE_BYTES
cdef bytearray END

@cython.locals(outbox=Outbox, line=Line, key=Py_ssize_t, more=Py_ssize_t, total=int64_t, short=bint)
cpdef write_jointly(ServerConnection conn, Request request, Slab slab, Py_ssize_t start, Py_ssize_t end)
cpdef bint is_shared(Request request) except -1
@cython.locals(request=Request, end=Py_ssize_t, first=Py_ssize_t, found=Py_ssize_t, number=Py_ssize_t)
cpdef disperse(ServerConnection conn, ResponseScanner walker, Slab slab, Py_ssize_t start)
@cython.locals(count=Py_ssize_t, number=Py_ssize_t)
cpdef Py_ssize_t place_of(ResponseScanner walker, int64_t wanted, Py_ssize_t first) except -1
@cython.locals(begin=Py_ssize_t, end=Py_ssize_t, at=Py_ssize_t, reply=Slab)
cpdef give(ServerConnection conn, ResponseScanner walker, Slab slab, Py_ssize_t start, Py_ssize_t number)
