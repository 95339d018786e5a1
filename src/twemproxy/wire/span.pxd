from cpython.bytearray cimport PyByteArray_AS_STRING

ctypedef const unsigned char *bytes_at


cdef inline bytes_at first_byte(
    bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except NULL:
    """Return the address of buf[pos], where nothing may be if `filled` is before it."""
    if pos < 0 or filled > len(buf):
        refuse(buf, pos, filled)
    return <bytes_at>PyByteArray_AS_STRING(buf) + pos


cdef inline int refuse(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -1:
    raise IndexError(f"{pos}..{filled} of {len(buf)}")
