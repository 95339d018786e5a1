"""Bytes from a socket to a pipe and back, interpreted: the twin of ``splice.pyx``.

Both calls report as those of ``sock`` do: 0 or more is a count, `AGAIN` says that
nothing can be done now, anything else is ``-errno``.
"""

import errno
import fcntl
import os
import sys
import termios
from typing import Final

from twemproxy.net.outcome import AGAIN

MOVE: Final = 1  # SPLICE_F_MOVE, which Python does not name
MORE: Final = 4  # SPLICE_F_MORE
NONBLOCK: Final = 2  # SPLICE_F_NONBLOCK


def move(source: int, target: int, length: int, more: bool) -> int:
    """Move up to `length` bytes, behind which `more` follow; one end is a pipe."""
    flags = MOVE | NONBLOCK | (MORE if more else 0)
    try:
        return os.splice(source, target, length, flags=flags)
    except (BlockingIOError, InterruptedError):
        return AGAIN
    except OSError as error:
        return -(error.errno or errno.EIO)


def unread(fd: int) -> int:
    """Return how many bytes wait to be received."""
    try:
        answer = fcntl.ioctl(fd, termios.FIONREAD, bytes(4))
    except OSError:
        return 0
    return int.from_bytes(answer, sys.byteorder)
