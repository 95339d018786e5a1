from cpython.bytearray cimport PyByteArray_AS_STRING
from libc.stdint cimport uint64_t

ctypedef const unsigned char *bytes_at


cpdef int check(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -1
cpdef int check_order(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -1
cpdef int refuse(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -1


cdef inline bytes_at first_byte(
    bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except NULL:
    """Return the address of buf[pos], where nothing may be if `filled` is before it."""
    if pos < 0 or filled > len(buf):
        refuse(buf, pos, filled)
    return <bytes_at>PyByteArray_AS_STRING(buf) + pos


cdef inline bytes_at first_of(
    bytearray buf, Py_ssize_t start, Py_ssize_t end) except NULL:
    """Return the address of buf[start], whose span may not end before it begins."""
    if end < start:
        refuse(buf, start, end)
    return first_byte(buf, start, end)


cdef inline uint64_t digits(bytes_at *at, bytes_at last) noexcept:
    """Walk over the digits before `last`; return their value, 0 without any."""
    cdef bytes_at byte = at[0]
    cdef uint64_t value = 0
    cdef unsigned int digit
    while byte < last:
        digit = byte[0] - <unsigned int>c"0"
        if digit > 9:
            break
        value = value * 10 + digit
        byte += 1
    at[0] = byte
    return value
