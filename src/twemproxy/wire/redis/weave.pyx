"""The strings of several arrays in one order, compiled: see the twin, ``weave.py``.

Addresses are valid within one call only; between two there are offsets.
"""

cimport cython
from cpython.bytearray cimport PyByteArray_AS_STRING
from libc.stdint cimport int64_t
from libc.string cimport memcpy
from twemproxy.span cimport bytes_at, first_byte
from twemproxy.wire.redis.bulk cimport CR, LF, string_size

cdef enum:
    UNDERSCORE = 95

cdef struct Row:  # what is left of an array: its offsets, and in a call its addresses
    int64_t start
    int64_t end
    bytes_at byte
    bytes_at behind


@cython.final
cdef class Weaver:
    """Takes the strings of `arrays` one by one, each from the one `places` names."""

    cpdef put(self, Py_ssize_t place, bytearray buf, Py_ssize_t start, Py_ssize_t end):
        """Take this for the array of that place: the strings in buf[start:end]."""
        if place < 0 or place >= self.arrays:
            raise IndexError(f"{place} of {self.arrays}")
        first_byte(buf, start, end)
        self.bufs[place] = buf
        cdef Row *row = <Row *>PyByteArray_AS_STRING(self.rows) + place
        row.start = start
        row.end = end

    cpdef Py_ssize_t fill(self, bytearray target, Py_ssize_t at, Py_ssize_t longest) except -1:
        """Copy strings to target[at:] while they fit; return where they end."""
        cdef Row *rows = self.addresses()
        cdef Row *row
        cdef Py_ssize_t place, size
        cdef Py_ssize_t left = len(target) - at
        cdef char *to = PyByteArray_AS_STRING(target) + at
        cdef Py_ssize_t taken = self.taken
        if at < 0 or left < 0:
            raise IndexError(f"{at} of {len(target)}")
        while taken < self.count:
            row = rows + self.place_of(taken)
            size = size_at(row)
            if size > longest or size > left:
                break
            memcpy(to, row.byte, <size_t>size)
            to += size
            left -= size
            row.byte += size
            taken += 1
        self.taken = taken
        for place in range(self.arrays):
            rows[place].start = rows[place].end - (rows[place].behind - rows[place].byte)
        return len(target) - left

    cpdef Py_ssize_t skip(self) except -1:
        """Pass by the next string; it was in array `place` and began at `start`."""
        if self.taken >= self.count:
            raise IndexError(f"{self.taken} of {self.count}")
        self.place = self.place_of(self.taken)
        cdef Row *row = self.addresses() + self.place
        self.start = row.start
        row.start += size_at(row)
        self.taken += 1
        return row.start

    cdef inline Py_ssize_t place_of(self, Py_ssize_t taken) except -1:
        """Return the number of the array that has the next string."""
        cdef bytes_at byte = <bytes_at>PyByteArray_AS_STRING(self.places) + 2 * taken
        cdef Py_ssize_t place = byte[0] + 256 * byte[1]
        if place >= self.arrays:
            raise IndexError(f"{place} of {self.arrays}")
        return place

    cdef Row *addresses(self) except NULL:
        """Say where what is left of each array lies now."""
        cdef Row *rows = <Row *>PyByteArray_AS_STRING(self.rows)
        cdef Py_ssize_t place
        for place in range(self.arrays):
            rows[place].byte = first_byte(self.bufs[place], rows[place].start, rows[place].end)
            rows[place].behind = rows[place].byte + (rows[place].end - rows[place].start)
        return rows


cdef inline Py_ssize_t size_at(Row *row) except -1:
    """Return the size of the string or null that comes next in an array."""
    cdef Py_ssize_t size = string_size(row.byte, row.behind)
    if size >= 0:
        return size
    if (row.behind - row.byte < 3 or row.byte[0] != UNDERSCORE
            or row.byte[1] != CR or row.byte[2] != LF):
        raise ValueError(f"no string in what is left of an array, up to {row.end}")
    return 3


cpdef Weaver weaver_of(bytearray places, Py_ssize_t arrays):
    """Return one for so many arrays; `places` has two bytes for each string."""
    cdef Weaver weaver = Weaver.__new__(Weaver)
    weaver.places = places
    weaver.count = len(places) // 2
    weaver.arrays = arrays
    weaver.bufs = [bytearray()] * arrays
    weaver.rows = bytearray(sizeof(Row) * arrays)
    return weaver
