from twemproxy.span cimport bytes_at, digits
from twemproxy.wire.scanner cimport WordScanner

cdef enum:
    CR = 13
    DOLLAR = 36
    LF = 10
    MAX_DIGITS = 9
    MINUS = 45
    ONE = 49
    SHORT_LINE = 64
    STAR = 42
    ZERO = 48


cdef class PlainWalker(WordScanner):
    cdef readonly Py_ssize_t at, declared
    cdef int take_plain(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled, Py_ssize_t most, Py_ssize_t longest) except -1

cpdef Py_ssize_t plain_count(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -2
cpdef Py_ssize_t after_bulk(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -2
cpdef Py_ssize_t after_bulks(bytearray buf, Py_ssize_t pos, Py_ssize_t filled, Py_ssize_t count) except -2
cpdef Py_ssize_t after_line(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -2
cpdef Py_ssize_t head_size(Py_ssize_t number) noexcept


cdef inline Py_ssize_t number(
    bytes_at byte, bytes_at behind, int mark, Py_ssize_t *head) noexcept:
    """Return the plain number in the line, whose length goes to `head`, else -1."""
    cdef bytes_at first = byte + 1
    cdef Py_ssize_t value
    if behind - byte < 4 or byte[0] != mark:
        return -1
    byte = first
    value = <Py_ssize_t>digits(&byte, min(behind - 1, first + MAX_DIGITS))
    if byte == first or byte[0] != CR or behind - byte < 2 or byte[1] != LF:
        return -1
    if first[0] == ZERO and byte - first > 1:
        return -1
    head[0] = byte - first + 3
    return value


cdef inline bint is_whole(bytes_at byte, bytes_at behind, Py_ssize_t end) noexcept:
    """Tell whether a string that ends there is followed by CR LF."""
    return behind - byte >= end + 2 and byte[end] == CR and byte[end + 1] == LF


cdef inline Py_ssize_t string_size(bytes_at byte, bytes_at behind) noexcept:
    """Return how many bytes the plain string or null there takes, else -1."""
    cdef Py_ssize_t head, length = number(byte, behind, DOLLAR, &head)
    if length >= 0:
        return head + length + 2 if is_whole(byte, behind, head + length) else -1
    if behind - byte < 5 or byte[0] != DOLLAR or byte[1] != MINUS or byte[2] != ONE:
        return -1
    return 5 if byte[3] == CR and byte[4] == LF else -1
