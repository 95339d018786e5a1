cimport cython
from twemproxy.proxy cimport reason
from twemproxy.proxy.client cimport Client
from twemproxy.proxy.guard cimport MemoryGuard
from twemproxy.proxy.pool cimport Pool
from twemproxy.proxy.process cimport Process
from twemproxy.stats cimport slot

cdef Py_ssize_t PROGRESS_BYTES
cdef long long STALLED_MS, PARTING_MS

@cython.final
cdef class Patience:
    cdef readonly Process process
    cdef readonly MemoryGuard guard
    cdef readonly list pools
    cdef long long sweep_ms
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
@cython.locals(unfinished=bint)
cdef bint stalls(Client client) except -1
@cython.locals(moved=cython.longlong)
cdef earn(Client client, long long now_ms)
@cython.locals(grown=cython.longlong)
cdef bint is_slow(Client client, long long now_ms, long long request_ms) except -1
