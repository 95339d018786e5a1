"""Raw memory, compiled: uninitialised blocks, growing in place, memcpy.

Offsets are checked by the callers in ``slab``; nothing else may call these.
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


cpdef copy(bytearray target, Py_ssize_t at, bytearray source,
           Py_ssize_t start, Py_ssize_t length):
    """Copy `length` bytes of `source` from `start` to `target` at `at`."""
    memcpy(PyByteArray_AS_STRING(target) + at,
           PyByteArray_AS_STRING(source) + start, <size_t>length)
