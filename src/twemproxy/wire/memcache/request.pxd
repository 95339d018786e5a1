cimport cython
from libc.stdint cimport int64_t
from twemproxy.wire cimport progress, rule
from twemproxy.wire.memcache cimport due
from twemproxy.wire.lookup cimport CommandIndex
from twemproxy.wire.memcache cimport fault
from twemproxy.wire.memcache.words cimport WordReader

cdef Py_ssize_t MAX_KEY_BYTES, MAX_LINE_BYTES, MAX_SHORT_LINE_BYTES, MAX_VALUE_BYTES, MAX_KEYS
cdef Py_ssize_t MAX_META_WORDS
cdef int64_t MAX_LENGTH
cdef bytearray NOREPLY, HTTP

@cython.final
cdef class RequestScanner(WordReader):
    cdef CommandIndex index
    cdef int[::1] how, least, most, first, noreply, blocks, reply
    cdef Py_ssize_t at, word, limit
    cdef bint spoiled
    cdef readonly Py_ssize_t block, owed
    cdef readonly int row, fault
    cdef readonly bint quiet
    cdef public Py_ssize_t max_bytes, max_keys

    cpdef int advance(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    @cython.locals(end=Py_ssize_t)
    cdef bint find_line(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    @cython.locals(pos=Py_ssize_t, word=Py_ssize_t, stop=Py_ssize_t, byte=int)
    cdef bint walk_line(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    cdef end_line(self, bytearray buf, Py_ssize_t start, Py_ssize_t word, Py_ssize_t end)
    cdef Py_ssize_t on_control(self, int byte, Py_ssize_t word, Py_ssize_t at) except -2
    cdef lengthen(self)
    cdef end_word(self, bytearray buf, Py_ssize_t start, Py_ssize_t word, Py_ssize_t end)
    @cython.locals(row=int)
    cdef check_keys(self)
    @cython.locals(row=int)
    cdef examine(self, bytearray buf, Py_ssize_t start)
    @cython.locals(long_key=bint)
    cdef bint is_usual_store(self, bytearray buf, Py_ssize_t start) except -1
    cdef on_unknown(self, bytearray buf, Py_ssize_t start)
    @cython.locals(row=int, words=Py_ssize_t, most=Py_ssize_t)
    cdef bint count_words(self, bytearray buf, Py_ssize_t start) except -1
    @cython.locals(row=int, first=Py_ssize_t, last=Py_ssize_t, i=Py_ssize_t)
    cdef bint has_long_key(self) except -1
    @cython.locals(row=int, reply=int)
    cdef int judge(self, bytearray buf, Py_ssize_t start) except -1
    cdef int judge_number(self, bytearray buf, Py_ssize_t start, int reply) except -1
    cdef int judge_storage(self, bytearray buf, Py_ssize_t start) except -1
    @cython.locals(row=int)
    cdef int judge_meta(self) except -1
    cdef int judge_block(self) except -1
    @cython.locals(words=Py_ssize_t, one_digit=bint)
    cdef bint is_delete(self, bytearray buf, Py_ssize_t start) except -1
    cdef int judge_server(self, bytearray buf, Py_ssize_t start) except -1
    @cython.locals(value=int64_t)
    cdef read_block(self, bytearray buf, Py_ssize_t start, Py_ssize_t word)
