"""Raw memory, interpreted: the twin of ``memory.pyx``, one contract for both.

Nothing but ``slab`` may call these.
"""

import mmap
from typing import Final

from twemproxy.span import check, check_order

ZEROS: Final = bytes(65536)


def allocate(size: int) -> bytearray:
    """Return `size` bytes of undefined content."""
    return bytearray(size)


def require(size: int) -> None:
    """Raise MemoryError unless the system has `size` bytes; none is touched."""
    try:
        mmap.mmap(-1, size).close()
    except OSError as failure:
        raise MemoryError from failure


def resize(buf: bytearray, size: int) -> None:
    """Grow `buf` to `size` bytes; what it holds stays."""
    while len(buf) < size:  # bit by bit: all at once would be there twice
        buf.extend(ZEROS[: size - len(buf)])


def copy(target: bytearray, at: int, source: bytearray, start: int, end: int) -> int:
    """Copy source[start:end] to `target` at `at`; return the offset behind it.

    Raise IndexError if there is no such span, or no room for it.
    """
    length = end - start
    check_order(source, start, end)
    check(target, at, at + length)
    target[at : at + length] = memoryview(source)[start:end]
    return at + length
