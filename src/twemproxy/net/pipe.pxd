cimport cython
from twemproxy.net cimport outcome
from twemproxy.net.ledger cimport hold
from twemproxy.net.splice cimport move, unread

@cython.final
cdef class Pipe:
    cdef int source, sink
    cdef readonly Py_ssize_t held
    @cython.locals(count=Py_ssize_t)
    cpdef Py_ssize_t fill(self, int fd, Py_ssize_t most) except? -1000
    @cython.locals(count=Py_ssize_t)
    cpdef Py_ssize_t drain(self, int fd, bint more) except? -1000

@cython.final
cdef class Gap:
    cdef readonly Py_ssize_t at, length
    cdef public Py_ssize_t missing
    cdef readonly list pipes
    @cython.locals(pipe=Pipe, another=Pipe, count=Py_ssize_t)
    cpdef Py_ssize_t fill(self, int fd) except? -1000

cpdef Gap gap_at(Py_ssize_t at, Py_ssize_t length)
