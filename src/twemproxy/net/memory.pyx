"""Raw memory, compiled: uninitialised blocks, growing in place, memcpy.

Nothing but ``slab`` may call these.
"""

from cpython.bytearray cimport (
    PyByteArray_AS_STRING,
    PyByteArray_FromStringAndSize,
    PyByteArray_Resize,
)
from libc.string cimport memcpy


cpdef bytearray allocate(Py_ssize_t size):
    """Return `size` bytes of undefined content."""
    return PyByteArray_FromStringAndSize(NULL, size)


cpdef resize(bytearray buf, Py_ssize_t size):
    """Grow `buf` to `size` bytes; what it holds stays."""
    PyByteArray_Resize(buf, size)


cpdef Py_ssize_t copy(bytearray target, Py_ssize_t at, bytearray source,
                      Py_ssize_t start, Py_ssize_t end) except -1:
    """Copy source[start:end] to `target` at `at`; return the offset behind it."""
    cdef Py_ssize_t length = end - start
    if (at < 0 or start < 0 or length < 0 or end > len(source)
            or length > len(target) - at):
        refuse(target, at, source, start, end)
    memcpy(PyByteArray_AS_STRING(target) + at,
           PyByteArray_AS_STRING(source) + start, <size_t>length)
    return at + length


cdef int refuse(bytearray target, Py_ssize_t at, bytearray source,
                Py_ssize_t start, Py_ssize_t end) except -1:
    raise IndexError(f"{start}..{end} of {len(source)} to {at} of {len(target)}")
