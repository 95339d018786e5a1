cimport cython
from twemproxy.net.reactor cimport Handler
from twemproxy.net.ledger cimport held_bytes
from twemproxy.proxy cimport reason
from twemproxy.proxy.connection cimport Connection
from twemproxy.proxy.process cimport Guard, Process
from twemproxy.proxy.request cimport Asker, Request, is_gone
from twemproxy.proxy.server_connection cimport ServerConnection
from twemproxy.stats cimport slot

cdef Py_ssize_t LARGE_BYTES

@cython.final
cdef class MemoryGuard(Guard):
    cdef readonly Process process
    cdef readonly list waiting
    cdef readonly Connection allowed
    cdef readonly Request oldest
    cdef readonly Py_ssize_t cap
    cdef readonly bint short
    cpdef bint has_enough(self) except -1
    @cython.locals(full=bint, live=bint, head=Request)
    cdef bint grows(self, Connection conn) except -1
    cdef bint nobody_is_allowed(self) except -1
    cdef look_again_later(self)
    @cython.locals(waiting=list, enough=bint, conn=Connection)
    cpdef look_again(self)
    @cython.locals(last=Request, head=Request, client=Asker, conn=Connection)
    cdef choose_oldest(self)

cdef bint is_large(Connection conn) except -1
cdef Request whole_of(Request request)
