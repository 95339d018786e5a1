"""Raw memory, interpreted: the twin of ``memory.pyx``, one contract for both.

Offsets are checked by the callers in ``slab``; nothing else may call these.
"""


def allocate(size: int) -> bytearray:
    """Return `size` bytes of undefined content."""
    return bytearray(size)


def resize(buf: bytearray, size: int) -> None:
    """Grow `buf` to `size` bytes; what it holds stays."""
    buf.extend(bytes(size - len(buf)))


def copy(
    target: bytearray, at: int, source: bytearray, start: int, length: int
) -> None:
    """Copy `length` bytes of `source` from `start` to `target` at `at`."""
    target[at : at + length] = memoryview(source)[start : start + length]
