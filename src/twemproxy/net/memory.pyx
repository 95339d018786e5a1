"""Raw memory, compiled: uninitialised blocks, growing in place, memcpy.

Nothing but ``slab`` may call these.
"""

from cpython.bytearray cimport PyByteArray_FromStringAndSize, PyByteArray_Resize
from libc.string cimport memcpy
from twemproxy.span cimport bytes_at, first_byte, first_of


cpdef bytearray allocate(Py_ssize_t size):
    """Return `size` bytes of undefined content."""
    return PyByteArray_FromStringAndSize(NULL, size)


cpdef require(Py_ssize_t size):
    """Raise MemoryError unless the system has `size` bytes; none is touched."""
    PyByteArray_FromStringAndSize(NULL, size)


cpdef resize(bytearray buf, Py_ssize_t size):
    """Grow `buf` to `size` bytes; what it holds stays."""
    PyByteArray_Resize(buf, size)


cpdef Py_ssize_t copy(bytearray target, Py_ssize_t at, bytearray source,
                      Py_ssize_t start, Py_ssize_t end) except -1:
    """Copy source[start:end] to `target` at `at`; return the offset behind it."""
    cdef Py_ssize_t length = end - start
    cdef bytes_at begin = first_of(source, start, end)
    cdef bytes_at to = first_byte(target, at, at + length)
    memcpy(<void *>to, begin, <size_t>length)
    return at + length
