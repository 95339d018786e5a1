cimport cython
from twemproxy.net.reactor cimport Handler
from twemproxy.net.ledger cimport held_bytes
from twemproxy.proxy cimport reason
from twemproxy.proxy.client cimport Client
from twemproxy.proxy.connection cimport Connection
from twemproxy.proxy.pool cimport Pool
from twemproxy.proxy.process cimport Guard, Process
from twemproxy.proxy.request cimport Asker, Request, is_gone
from twemproxy.proxy.server_connection cimport ServerConnection
from twemproxy.stats cimport slot

cdef Py_ssize_t LARGE_BYTES, PROGRESS_BYTES
cdef long long STALLED_MS, PARTING_MS

@cython.final
cdef class Watch(Guard):
    cdef readonly Process process
    cdef readonly list pools, waiting
    cdef readonly Connection allowed
    cdef readonly Request oldest
    cdef readonly Py_ssize_t cap
    cdef readonly bint short
    cdef long long sweep_ms
    @cython.locals(full=bint, live=bint, head=Request)
    cdef bint grows(self, Connection conn) except -1
    cdef bint nobody_is_allowed(self) except -1
    cdef look_again_later(self)
    @cython.locals(waiting=list, enough=bint, conn=Connection)
    cpdef look_again(self)
    @cython.locals(last=Request, head=Request, client=Asker, conn=Connection)
    cdef choose_oldest(self)
    @cython.locals(pool=Pool)
    cpdef sweep(self)
    @cython.locals(
        client=Client, now_ms=cython.longlong, idle_ms=cython.longlong,
        request_ms=cython.longlong, auth_ms=cython.longlong,
        moved=bint, idled=bint, strange=bint, late=list,
    )
    cdef sweep_pool(self, Pool pool)
    @cython.locals(client=Client, limit_ms=cython.longlong)
    cdef part(self)
    cdef give_up(self, Client client)
    @cython.locals(
        client=Client, pool=Pool, late=list, limit_ms=cython.longlong, held=Py_ssize_t,
    )
    cdef close_gluttons(self)

cpdef Py_ssize_t bytes_of(Client client) except -1
cdef bint is_large(Connection conn) except -1
cdef Request whole_of(Request request)
@cython.locals(unfinished=bint)
cdef bint stalls(Client client) except -1
@cython.locals(moved=cython.longlong)
cdef earn(Client client, long long now_ms)
@cython.locals(grown=cython.longlong)
cdef bint is_slow(Client client, long long now_ms, long long request_ms) except -1
