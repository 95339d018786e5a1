"""What is plain on a Redis wire, in one walk, compiled.

Where the bytes end is checked once for each call, not byte by byte.
"""

from twemproxy.span cimport bytes_at, first_byte
from twemproxy.wire.scanner cimport WordScanner


cdef class PlainWalker(WordScanner):
    """Finds the arguments of a request; the next token begins `at` some offset."""

    cdef int take_plain(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled,
                        Py_ssize_t most, Py_ssize_t longest) except -1:
        """Walk over a plain count, if it is yet to come, and plain arguments."""
        cdef bytes_at first = first_byte(buf, start + self.at, filled)
        cdef bytes_at behind = first + (filled - start - self.at)
        cdef bytes_at byte = first
        cdef Py_ssize_t head, left, length
        cdef long long *span
        if self.declared < 0:
            length = -1 if self.at else number(byte, behind, STAR, &head)
            if length < 1 or length > most:
                return 0
            self.declared = length
            byte += head
        span = &self.spans[0] + 2 * self.count
        left = min(self.declared, self.room) - self.count
        while left > 0:
            length = number(byte, behind, DOLLAR, &head)
            if length < 0 or length > longest or not is_whole(byte, behind, head + length):
                break
            span[0] = self.at + (byte - first) + head
            span[1] = span[0] + length
            span += 2
            left -= 1
            byte += head + length + 2
        self.count = min(self.declared, self.room) - left
        self.at += byte - first


cpdef Py_ssize_t plain_count(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -2:
    """Return the number of elements in the line ``*<n> CR LF`` at buf[pos:filled]."""
    cdef bytes_at byte = first_byte(buf, pos, filled)
    cdef Py_ssize_t head
    return number(byte, byte + (filled - pos), STAR, &head)


cpdef Py_ssize_t after_bulk(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -2:
    """Return the offset behind the plain string or null at buf[pos:filled], else -1."""
    cdef bytes_at byte = first_byte(buf, pos, filled)
    cdef Py_ssize_t size = string_size(byte, byte + (filled - pos))
    return -1 if size < 0 else pos + size


cpdef Py_ssize_t after_bulks(bytearray buf, Py_ssize_t pos, Py_ssize_t filled,
                             Py_ssize_t count) except -2:
    """Return the offset behind so many plain strings or nulls, -1 without them."""
    cdef bytes_at first = first_byte(buf, pos, filled)
    cdef bytes_at behind = first + (filled - pos)
    cdef bytes_at byte = first
    cdef Py_ssize_t size
    while count > 0:
        size = string_size(byte, behind)
        if size < 0:
            return -1
        byte += size
        count -= 1
    return pos + (byte - first)


cpdef Py_ssize_t after_line(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -2:
    """Return the offset behind the line of at most 64 bytes at buf[pos:filled]."""
    cdef bytes_at byte = first_byte(buf, pos, filled)
    cdef Py_ssize_t length = 0
    cdef Py_ssize_t last = min(filled - pos, SHORT_LINE) - 1
    if last > 3 and byte[1] == c"O" and byte[2] == c"K" and byte[3] == CR and byte[4] == LF:
        return pos + 5
    while length < last and byte[length] != CR and byte[length] != LF:
        length += 1
    if length < last and byte[length] == CR and byte[length + 1] == LF:
        return pos + length + 2
    return -1


cpdef Py_ssize_t head_size(Py_ssize_t number) noexcept:
    """Return how long a line is that has a mark, this number and CR LF."""
    cdef Py_ssize_t size = 4
    while number > 9:
        number //= 10
        size += 1
    return size
