cimport cython
from twemproxy.wire cimport progress
from twemproxy.wire.redis.bulk cimport after_bulk, after_bulks, after_line, head_size, plain_count
from twemproxy.wire.scanner cimport Scanner

cdef int MAX_NESTING, KEPT_NESTING
cdef Py_ssize_t MAX_REPLY_BYTES, NULL_BYTES
cdef long long LONGEST_PLAIN, MAX_TENTH

@cython.final
cdef class ResponseScanner(Scanner):
    cdef readonly Py_ssize_t at, body
    cdef readonly int kind
    cdef readonly long long value, count
    cdef readonly bint flat
    cdef public bint resp3
    cdef int depth, room
    cdef public Py_ssize_t looked
    cdef long long[::1] owed

    @cython.locals(end=Py_ssize_t)
    cpdef int advance(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    @cython.locals(kind=int, end=Py_ssize_t, count=Py_ssize_t)
    cdef bint take_plain(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    @cython.locals(pos=Py_ssize_t, stop=Py_ssize_t, owed="long long")
    cdef skip_strings(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled)
    @cython.locals(kind=int, pos=Py_ssize_t)
    cdef bint read_line(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    cdef settle(self, int kind)
    cdef descend(self, long long count)
    @cython.locals(i=int, deeper="long long[::1]")
    cdef deepen(self)
    @cython.locals(negative=bint, first=Py_ssize_t, value="long long", digit=int)
    cdef Py_ssize_t number(self, bytearray buf, Py_ssize_t pos, Py_ssize_t filled, int kind) except? -2
    cdef bint fits_64_bits(self, Py_ssize_t digits, long long value, int digit, bint negative) except -1
    @cython.locals(null=bint)
    cdef check_length(self, int kind, Py_ssize_t digits, long long value)
    @cython.locals(pos=Py_ssize_t)
    cdef Py_ssize_t text(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except? -2
