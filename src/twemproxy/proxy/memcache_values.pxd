cimport cython
from libc.stdint cimport int64_t
from twemproxy.net.outbox cimport Outbox
from twemproxy.net.slab cimport Slab
from twemproxy.proxy.line cimport Line
from twemproxy.proxy.request cimport Gather, Request
from twemproxy.wire.memcache.plain cimport ValueWalker, key_hash

cdef Py_ssize_t ROOM, MAX_SPARE
cdef bytearray END
cdef list _spare

@cython.final
cdef class Values(Gather):
    cdef long long[::1] hashes, starts, ends
    cdef int[::1] places, order, bounds
    cdef list fragments, owners
    cdef dict late
    cdef Py_ssize_t keys
    cdef int at
    cdef Py_ssize_t low, high

    cdef begin(self, Py_ssize_t keys)
    @cython.locals(pos=Py_ssize_t, begin=Py_ssize_t, i=Py_ssize_t, hash=int64_t)
    cpdef bint take(self, int number, ValueWalker walker, bytearray buf, Py_ssize_t start, Py_ssize_t end) except -1
    cdef Py_ssize_t width(self, int number) except -1
    @cython.locals(at=int)
    cdef bint is_new(self, int number, Line line) except -1
    @cython.locals(at=int)
    cdef mark(self, int number, Line line)
    @cython.locals(found=Py_ssize_t, at=int, key=int, value=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t)
    cdef Py_ssize_t take_shared(self, int number, ValueWalker walker, Py_ssize_t first) except -1
    @cython.locals(at=int, stop=int, key=int)
    cdef bint place(self, int number, int64_t hash, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int find_late(self, int number, int64_t hash) except -2
    @cython.locals(fragment=Request, reply=Slab, key=Py_ssize_t, count=Py_ssize_t, place=int, start=int64_t, end=int64_t)
    cdef interleave(self, Outbox outbox)

@cython.locals(count=Py_ssize_t, number=Py_ssize_t)
cpdef Py_ssize_t place_of(ValueWalker walker, int64_t wanted, Py_ssize_t first) except -1
cpdef Py_ssize_t start_of(ValueWalker walker, Py_ssize_t number) except -1
@cython.locals(values=Values)
cpdef Values values_for(Py_ssize_t keys)
