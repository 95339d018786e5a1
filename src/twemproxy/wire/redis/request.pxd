cimport cython
from twemproxy.wire cimport progress
from twemproxy.wire.redis.bulk cimport PlainWalker

cdef Py_ssize_t LEAST_ARGUMENT, MAX_REQUEST_BYTES, MAX_ARGUMENTS, MAX_ARGUMENT_BYTES, MAX_INLINE_BYTES
cdef long long LARGEST_NUMBER
cdef Py_ssize_t MAX_UNAUTHENTICATED_ARGUMENTS, MAX_UNAUTHENTICATED_BYTES

@cython.final
cdef class RequestScanner(PlainWalker):
    cdef readonly Py_ssize_t bulk
    cdef Py_ssize_t pos
    cdef public bint trusting
    cdef public Py_ssize_t max_bytes
    cdef readonly bint canonical

    @cython.locals(end=Py_ssize_t, others=Py_ssize_t)
    cpdef int advance(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    @cython.locals(stop=Py_ssize_t, most=Py_ssize_t, longest=Py_ssize_t)
    cdef int take_usual(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    @cython.locals(value=Py_ssize_t)
    cdef bint read_count(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    @cython.locals(value=Py_ssize_t, pos=Py_ssize_t)
    cdef bint read_length(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    @cython.locals(first=Py_ssize_t, value="long long", digit=int)
    cdef Py_ssize_t number(self, bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except? -3
    @cython.locals(pos=Py_ssize_t)
    cdef int advance_line(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
