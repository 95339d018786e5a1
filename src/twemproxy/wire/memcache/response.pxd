cimport cython
from libc.stdint cimport int64_t
from twemproxy.wire cimport progress, rule
from twemproxy.wire.memcache cimport due
from twemproxy.wire.lookup cimport CommandIndex
from twemproxy.wire.memcache.plain cimport ValueWalker, begins, key_hash

cdef Py_ssize_t END_BYTES, MAX_LINE_BYTES, MAX_REPLY_BYTES
cdef int64_t ENOUGH
cdef int END, STORED, NOT_STORED, EXISTS, NOT_FOUND, TOUCHED, DELETED, VERSION, NUMBER
cdef int VALUE, STAT, ITEM, PREFIX, RESET, OK, ERROR, CLIENT_ERROR, SERVER_ERROR
cdef int HD, EN, NF, NS, EX, VA, ME, MN

@cython.final
cdef class ResponseScanner(ValueWalker):
    cdef CommandIndex index
    cdef list usual
    cdef Py_ssize_t looked
    cdef readonly Py_ssize_t at, blocks, shown
    cdef readonly int kind
    cdef readonly bint failed, doubtful
    cdef public int expects
    cdef public int64_t wanted

    @cython.locals(end=Py_ssize_t, whole=bint)
    cpdef int advance(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    cdef bint end_block(self, bytearray buf, Py_ssize_t start) except -1
    @cython.locals(end=Py_ssize_t, alone=bint)
    cdef bint take_plain(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    @cython.locals(line=bytearray)
    cdef bint take_usual(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    cdef expect_data(self, Py_ssize_t end)
    cdef bint read_plain(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    @cython.locals(pos=Py_ssize_t)
    cdef Py_ssize_t find_end(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -2
    @cython.locals(first=bint, stop=Py_ssize_t, kind=int)
    cdef bint read_line(self, bytearray buf, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(kind=int)
    cdef read_word(self, bytearray buf, Py_ssize_t stop, Py_ssize_t end)
    @cython.locals(quietly=bint, size=int64_t, size_end=Py_ssize_t)
    cdef bint read_meta(self, bytearray buf, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t end) except -1
    @cython.locals(key=Py_ssize_t, key_end=Py_ssize_t, flags_end=Py_ssize_t, size_end=Py_ssize_t, size=int64_t)
    cdef read_value(self, bytearray buf, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t end)
    cdef check_wanted(self, bytearray buf, Py_ssize_t key, Py_ssize_t end)
    @cython.locals(expects=int)
    cdef bint fits(self, int kind) except -1

cdef Py_ssize_t word_end(bytearray buf, Py_ssize_t pos, Py_ssize_t end) except -1
@cython.locals(value=int64_t, digit=int)
cdef int64_t number(bytearray buf, Py_ssize_t pos, Py_ssize_t end) except -2
cdef bint is_blank(bytearray buf, Py_ssize_t pos, Py_ssize_t end) except -1
