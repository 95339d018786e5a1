"""What is plain on a memcached wire, in one walk, compiled.

Where the bytes end is checked once for each call, not byte by byte.
"""

from array import array

from cpython.bytearray cimport PyByteArray_AS_STRING
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memchr, memcmp, memcpy

from twemproxy.span cimport bytes_at, digits, first_byte
from twemproxy.wire.scanner cimport Scanner, WordScanner

cdef enum:
    BLANK = 32
    CR = 13
    LF = 10
    END_BYTES = 5  # END CR LF
    ROOM = 128  # values of a response that are told of
    KEY_BYTES = 250  # nobody can have asked for a longer key
    PLAIN_DIGITS = 9
    SIZE_DIGITS = 10
    NUMBER_DIGITS = 20
    SHORTEST = 13  # VALUE k 0 0 CR LF
    ZERO = 48

cdef uint64_t BASIS = 0xCBF29CE484222325u
cdef uint64_t PRIME = 0x100000001B3u
cdef uint64_t LOW_62 = 0x3FFFFFFFFFFFFFFFu


cdef class LineWalker(WordScanner):
    """Finds the words of a request's line."""

    cdef bint take_line(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled,
                        Py_ssize_t limit) except -1:
        """Find the words of the line at buf[start:filled], shorter than `limit`."""
        cdef bytes_at first = first_byte(buf, start, filled)
        cdef bytes_at byte = first
        cdef bytes_at end, word
        cdef long long *span = &self.spans[0]
        cdef long long *last = span + 2 * self.room
        cdef Py_ssize_t letters = 0
        end = <bytes_at>memchr(first, LF, max(0, min(filled - start, limit + 1)))
        if end is NULL or end == first or end[-1] != CR:
            return False
        while True:  # at the CR at the latest
            if byte[0] > BLANK:
                word = byte
                while byte[0] > BLANK:
                    byte += 1
                if span == last:
                    return False
                span[0] = word - first
                span[1] = byte - first
                span += 2
                letters += byte - word
            elif byte[0] == BLANK:
                byte += 1
            else:
                break
        if byte + 1 != end:
            return False
        self.count = (span - &self.spans[0]) // 2
        self.letters = letters
        self.line = byte - first + 2
        return True

    cdef int64_t last_number(self, bytearray buf, Py_ssize_t start, Py_ssize_t word) except -2:
        """Return the last word if it and all from `word` on are plain numbers, else -1."""
        cdef bytes_at first = first_byte(buf, start, start + self.line)
        cdef bytes_at byte, behind
        cdef int64_t value = -1
        cdef long long *span = &self.spans[2 * word]
        while word < self.count:
            byte = first + span[0]
            behind = first + span[1]
            if behind - byte > PLAIN_DIGITS or (byte[0] == ZERO and behind - byte > 1):
                return -1
            value = <int64_t>digits(&byte, behind)
            if byte != behind:
                return -1
            span += 2
            word += 1
        return value


cdef class ValueWalker(Scanner):
    """Where the value that was found last has its key, and where it ends."""

    def __init__(self):
        self.hashes = array("q", bytes(8 * ROOM))
        self.ends = array("q", bytes(8 * ROOM))

    cpdef bint find_value(self, bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -1:
        """Understand the VALUE line at buf[pos:filled]; false if there is none."""
        cdef bytes_at first = first_byte(buf, pos, filled)
        cdef bytes_at behind = first + (filled - pos)
        cdef bytes_at key = first + 6
        cdef bytes_at byte
        cdef int64_t size
        if behind - first < SHORTEST or memcmp(first, b"VALUE ", 6):
            return False
        byte = <bytes_at>memchr(key, BLANK, min(behind - key, <Py_ssize_t>KEY_BYTES + 1))
        if byte is NULL or byte == key or has_line_end(key, byte - key):
            return False
        self.key = pos + 6
        self.key_end = pos + (byte - first)
        if number(&byte, behind, NUMBER_DIGITS) < 0:
            return False
        size = number(&byte, behind, SIZE_DIGITS)
        if size < 0:
            return False
        if byte < behind and byte[0] == BLANK and number(&byte, behind, NUMBER_DIGITS) < 0:
            return False
        if behind - byte < 2 or byte[0] != CR or byte[1] != LF:
            return False
        self.behind = pos + (byte - first) + 2 + size + 2
        return True

    cpdef Py_ssize_t after_values(
        self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -2:
        """Return the offset behind the values and the END at buf[start:filled]."""
        cdef bytes_at byte = first_byte(buf, start, filled)
        cdef bytes_at first = byte - start
        cdef Py_ssize_t pos = start, values = 0
        while filled - pos >= END_BYTES:
            if memcmp(first + pos, b"END\r\n", END_BYTES) == 0:
                self.values = values
                return pos + END_BYTES
            if not self.find_value(buf, pos, filled) or self.behind > filled:
                return -1
            pos = self.behind
            if first[pos - 2] != CR or first[pos - 1] != LF or values == ROOM:
                return -1
            self.hashes[values] = hash_of(first + self.key, self.key_end - self.key)
            self.ends[values] = pos - start
            values += 1
        return -1


cpdef bint begins(bytearray buf, Py_ssize_t start, Py_ssize_t filled,
                  bytearray text) except -1:
    """Tell whether buf[start:filled] begins with `text`."""
    cdef bytes_at byte = first_byte(buf, start, filled)
    cdef Py_ssize_t length = len(text)
    return filled - start >= length and memcmp(
        byte, PyByteArray_AS_STRING(text), <size_t>length) == 0


cpdef int64_t key_hash(bytearray buf, Py_ssize_t start, Py_ssize_t end) except -1:
    """Return 62 bits that tell one key from another: FNV-1a of eight bytes a step."""
    return hash_of(first_byte(buf, start, end), end - start)


cdef inline int64_t hash_of(bytes_at byte, Py_ssize_t left) noexcept:
    cdef uint64_t value = (BASIS ^ <uint64_t>left) * PRIME
    cdef uint64_t word
    while left >= 8:
        memcpy(&word, byte, 8)
        value = (value ^ word) * PRIME
        value ^= value >> 32
        byte += 8
        left -= 8
    if left > 0:
        word = 0
        while left > 0:
            left -= 1
            word = word << 8 | byte[left]
        value = (value ^ word) * PRIME
        value ^= value >> 32
    value *= PRIME
    return <int64_t>((value ^ (value >> 29)) & LOW_62)


cdef inline bint has_line_end(bytes_at byte, size_t length) noexcept:
    return memchr(byte, CR, length) is not NULL or memchr(byte, LF, length) is not NULL


cdef inline int64_t number(bytes_at *at, bytes_at behind, Py_ssize_t most) noexcept:
    """Walk over a blank and a number of at most so many digits; return it, else -1.

    One of more than 18 digits comes out as some other number that is not negative.
    """
    cdef bytes_at byte = at[0]
    cdef bytes_at first = byte + 1
    cdef uint64_t value
    if byte >= behind or byte[0] != BLANK:
        return -1
    at[0] = first
    value = digits(at, first + min(behind - first, most))
    if at[0] == first:
        return -1
    return <int64_t>(value >> 1) if most > SIZE_DIGITS else <int64_t>value
