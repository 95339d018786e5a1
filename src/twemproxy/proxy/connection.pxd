cimport cython
from twemproxy.net cimport outcome
from twemproxy.net.ledger cimport held_bytes
from twemproxy.net.outbox cimport Outbox
from twemproxy.net.pipe cimport Gap, gap_at
from twemproxy.net.reactor cimport Handler, Reactor
from twemproxy.net.slab cimport Slab, copied
from twemproxy.net.sock cimport receive
from twemproxy.net.splice cimport unread
from twemproxy.proxy.process cimport Process
from twemproxy.wire.scanner cimport Scanner

cdef Py_ssize_t DIRECT, MOVED, MAX_READ, FIRST_GROWTH, HEAD_READ

cdef class Connection(Handler):
    cdef public Process process
    cdef public Reactor reactor
    cdef public Outbox outbox
    cdef public Scanner scanner
    cdef public Slab backlog
    cdef public Py_ssize_t backlog_at
    cdef public unsigned char unconsumed, blocked, eof
    cdef unsigned char large, thorough
    cdef public int paused
    cdef public long long bytes_in, bytes_out, begun_ms, begun_bytes

    cpdef Py_ssize_t consume(self, Slab slab, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(scanner=Scanner)
    cdef Py_ssize_t expected(self) except -1
    cpdef bint may_skip(self, Slab slab, Py_ssize_t at) except -1
    cpdef on_eof(self)
    cpdef on_broken(self, int error)
    cpdef on_flushed(self)
    cpdef on_dry(self)
    @cython.locals(slab=Slab, at=Py_ssize_t)
    cpdef consume_backlog(self)
    @cython.locals(
        backlog=Slab, slab=Slab, kept=Py_ssize_t, start=Py_ssize_t, at=Py_ssize_t,
        room=Py_ssize_t, count=Py_ssize_t, consumed=Py_ssize_t,
    )
    cpdef read(self)
    @cython.locals(room=Py_ssize_t)
    cdef bint has_room_for_more(self, Slab slab, Py_ssize_t consumed) except -1
    @cython.locals(slab=Slab, backlog=Slab)
    cdef Slab place(self, Py_ssize_t kept)
    @cython.locals(missing=Py_ssize_t)
    cdef bint stays(self, Py_ssize_t kept) except -1
    cdef Py_ssize_t room(self, Slab slab, Py_ssize_t kept) except -1
    @cython.locals(opened=bint)
    cdef read_on(self, bint more)
    @cython.locals(slab=Slab, gap=Gap, kept=Py_ssize_t, missing=Py_ssize_t)
    cdef bint open_gap(self, Slab backlog) except -1
    @cython.locals(count=Py_ssize_t)
    cdef bint fill_gap(self, Gap gap) except -1
    cdef on_nothing(self, Py_ssize_t count)
    cdef Slab fit_or_end(self, Slab slab)
    @cython.locals(need=Py_ssize_t, size=Py_ssize_t)
    cpdef Slab fit(self, Slab slab)
    @cython.locals(end=Py_ssize_t)
    cpdef keep(self, Slab slab, Py_ssize_t start, Py_ssize_t consumed)
    @cython.locals(kept=Py_ssize_t)
    cpdef Py_ssize_t held(self) except -1
    cpdef pause(self, int why)
    cpdef resume(self, int why)
    cpdef int send_later(self) except -1
    @cython.locals(outbox=Outbox, pending=Py_ssize_t, status=int)
    cpdef flush(self)
    cpdef block(self)
    cpdef log_close(self, str side, str peer, int error)
    cpdef shut(self)
