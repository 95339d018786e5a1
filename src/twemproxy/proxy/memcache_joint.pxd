cimport cython
from twemproxy.net.outbox cimport Outbox
from twemproxy.net.slab cimport Slab
from twemproxy.proxy.line cimport Line
from twemproxy.proxy.memcache_values cimport Values, place_of, start_of
from twemproxy.proxy.request cimport Gather, Request
from twemproxy.proxy.server_connection cimport ServerConnection
from twemproxy.wire cimport expect
from twemproxy.wire.memcache.response cimport ResponseScanner

cdef int GET
cdef Py_ssize_t MAX_RESPONSE_BYTES
cdef bytearray BLANK, END

cpdef bint may_join(ServerConnection conn, int row) except -1
@cython.locals(outbox=Outbox, short=bint)
cdef bint has_room(ServerConnection conn, Line line, Py_ssize_t keys) except -1
@cython.locals(line=Line)
cdef Line line_of(ServerConnection conn)
@cython.locals(outbox=Outbox, line=Line, before=Py_ssize_t)
cpdef write_jointly(ServerConnection conn, Request request, Slab slab, Py_ssize_t start, Py_ssize_t end)
@cython.locals(outbox=Outbox, line=Line, number=int)
cpdef bint continue_line(ServerConnection conn, Request fragment, Values gather) except -1
cpdef end_line(ServerConnection conn, Py_ssize_t more, Py_ssize_t keys)
cpdef bint is_shared(Request request) except -1
@cython.locals(request=Request, end=Py_ssize_t, found=Py_ssize_t, count=Py_ssize_t, abandoned=bint)
cpdef disperse(ServerConnection conn, ResponseScanner walker, Slab slab, Py_ssize_t start)
@cython.locals(request=Request)
cdef Request next_of_line(ServerConnection conn)
@cython.locals(values=Values, number=Py_ssize_t, count=Py_ssize_t)
cdef Py_ssize_t answer(ServerConnection conn, Request request, ResponseScanner walker, Slab slab, Py_ssize_t start, Py_ssize_t first) except -2
@cython.locals(gather=Gather)
cpdef Values values_of(Request whole)
@cython.locals(begin=Py_ssize_t, end=Py_ssize_t, at=Py_ssize_t, reply=Slab)
cdef give(ServerConnection conn, ResponseScanner walker, Slab slab, Py_ssize_t start, Py_ssize_t number)
