"""Short words as numbers, compiled: the span is checked once, not byte by byte."""

from cpython.bytearray cimport PyByteArray_AS_STRING
from libc.stdint cimport uint64_t

cdef enum:
    WORD_BYTES = 8


cpdef uint64_t word_at(bytearray buf, Py_ssize_t start, Py_ssize_t end, bint fold) except? 0:
    """Return the word buf[start:end] as one number of 64 bits, its first byte highest."""
    cdef const unsigned char *byte
    cdef Py_ssize_t length = end - start
    cdef uint64_t value = 0
    cdef unsigned int letter
    if start < 0 or end > len(buf):
        raise IndexError(f"{start}..{end} of {len(buf)}")
    if length <= 0 or length > WORD_BYTES:
        return 0
    byte = <const unsigned char *>PyByteArray_AS_STRING(buf) + start
    while length > 0:
        letter = byte[0]
        if letter == 0:
            return 0
        if fold and letter - 65 < 26:  # an upper-case one
            letter += 32
        value = value << 8 | letter
        byte += 1
        length -= 1
    return value
