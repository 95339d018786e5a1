cimport cython
from twemproxy.net.ledger cimport hold
from twemproxy.net.memory cimport allocate, copy, require, resize
from twemproxy.net.pipe cimport Gap, Pipe
from twemproxy.net.spare cimport give_block, take_block

cdef int TEN
cdef Py_ssize_t BLOCK, COPIES, WORTH_READING

@cython.final
cdef class Slab:
    cdef public bytearray buf
    cdef public Py_ssize_t size, used
    cdef public Gap gap
    cdef readonly bint shared
    cdef bint counted
    @cython.locals(block=bytearray)
    cpdef grow(self, Py_ssize_t size, Py_ssize_t wanted)
    @cython.locals(left=Py_ssize_t)
    cpdef Py_ssize_t room(self) except -1
    @cython.locals(at=Py_ssize_t)
    cpdef Py_ssize_t take(self, bytearray source, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(at=Py_ssize_t, digits=Py_ssize_t, pos=Py_ssize_t, rest="long long", buf=bytearray)
    cpdef Py_ssize_t put_number(self, int mark, long long number) except -1
    @cython.locals(gap=Gap)
    cpdef Py_ssize_t weigh(self, Py_ssize_t start, Py_ssize_t end) except -1

cpdef bint copies_fit(Py_ssize_t size) except -1
@cython.locals(slab=Slab)
cpdef Slab holding(bytes data)
@cython.locals(slab=Slab)
cpdef Slab permanent(bytes data)
@cython.locals(slab=Slab)
cpdef Slab copied(bytearray source, Py_ssize_t start, Py_ssize_t end)

@cython.final
cdef class Piece:
    cdef public Slab slab
    cdef public Py_ssize_t off, length
    cdef public Pipe pipe
    cdef public Piece next

@cython.locals(piece=Piece)
cpdef Piece piece_of(Slab slab, Py_ssize_t off, Py_ssize_t length)
