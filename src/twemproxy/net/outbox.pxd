cimport cython
from twemproxy.net cimport outcome
from twemproxy.net.memory cimport copy
from twemproxy.net.pipe cimport Gap, Pipe
from twemproxy.net.slab cimport Piece, Slab, copied, piece_of
from twemproxy.net.sock cimport send

cdef Py_ssize_t COPY_MAX, CHUNK, MAX_SPARE, NUMBER_BYTES

cdef list _spare

@cython.locals(slab=Slab)
cpdef Slab chunk_for(Py_ssize_t length)
cpdef drop_spare()

@cython.final
cdef class Outbox:
    cdef Piece head, last
    cdef Slab chunk
    cdef readonly Py_ssize_t pending
    @cython.locals(length=Py_ssize_t, last=Piece)
    cpdef add(self, Slab slab, Py_ssize_t start, Py_ssize_t end)
    @cython.locals(pipe=Pipe, piece=Piece)
    cdef add_around(self, Slab slab, Gap gap, Py_ssize_t start, Py_ssize_t end)
    cdef int append(self, Piece piece) except -1
    @cython.locals(last=Piece)
    cpdef retract(self, Py_ssize_t length)
    @cython.locals(chunk=Slab, at=Py_ssize_t)
    cpdef say_number(self, int mark, long long number)
    cpdef Slab reserve(self, Py_ssize_t length)
    @cython.locals(last=Piece)
    cpdef int extend(self, Py_ssize_t at, Py_ssize_t length) except -1
    @cython.locals(length=Py_ssize_t, at=Py_ssize_t, chunk=Slab, last=Piece)
    cpdef int copy_in(self, bytearray source, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(data=bytearray)
    cpdef say(self, bytes text)
    @cython.locals(sent=Py_ssize_t, head=Piece)
    cpdef int flush(self, int fd) except? -1000
    @cython.locals(piece=Piece, following=Piece)
    cpdef bint advance(self, Py_ssize_t sent) except -1
    cdef release_chunk(self)
    @cython.locals(piece=Piece, end=Py_ssize_t)
    cpdef settle(self)
    @cython.locals(piece=Piece, following=Piece)
    cpdef clear(self)
