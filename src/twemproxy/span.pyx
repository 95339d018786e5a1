"""Spans of bytes: the one check that a walk over them begins with; compiled.

The error is made here, apart from the walks, for it would make each of them longer.
"""


cpdef int check(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -1:
    """Raise IndexError if buf[pos:filled] is not all there."""
    if pos < 0 or filled > len(buf):
        refuse(buf, pos, filled)
    return 0


cpdef int check_order(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -1:
    """Raise IndexError, too, if buf[pos:filled] ends before it begins."""
    if filled < pos:
        refuse(buf, pos, filled)
    return check(buf, pos, filled)


cpdef int refuse(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -1:
    """Raise the IndexError that says what is there instead."""
    raise IndexError(f"{pos}..{filled} of {len(buf)}")
