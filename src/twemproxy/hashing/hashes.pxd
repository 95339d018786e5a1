cimport cython

from twemproxy.hashing.block_hashes cimport hsieh, jenkins, murmur
from twemproxy.hashing.fnv cimport fnv1, fnv1a, fnv1a_each
from twemproxy.hashing.md5 cimport md5_words

cdef unsigned int MASK

cdef int FNV1A_64, FNV1_64, FNV1A_32, FNV1_32, MURMUR, JENKINS, HSIEH
cdef int ONE_AT_A_TIME, CRC16, CRC32, CRC32A, MD5

cdef unsigned int[256] CRC16_TABLE
cdef unsigned int[256] CRC32_TABLE

cpdef unsigned int hash_span(
    int kind, bytearray buf, Py_ssize_t start, Py_ssize_t end) except? -1

@cython.locals(i=Py_ssize_t)
cpdef hash_spans(int kind, bytearray buf, long long[::1] spans, Py_ssize_t count,
                 unsigned int[::1] hashes)

cdef unsigned int _hash_span_fnv(
    int kind, bytearray buf, Py_ssize_t start, Py_ssize_t end) except? -1

cdef unsigned int _hash_span_bytewise(
    int kind, bytearray buf, Py_ssize_t start, Py_ssize_t end) except? -1

@cython.locals(h=cython.uint, i=Py_ssize_t)
cdef unsigned int _one_at_a_time(
    bytearray buf, Py_ssize_t start, Py_ssize_t end) except? -1

@cython.locals(h=cython.uint, i=Py_ssize_t)
cdef unsigned int _crc16(bytearray buf, Py_ssize_t start, Py_ssize_t end) except? -1

@cython.locals(h=cython.uint, i=Py_ssize_t)
cdef unsigned int _crc32a(bytearray buf, Py_ssize_t start, Py_ssize_t end) except? -1
