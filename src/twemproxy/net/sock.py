"""System calls on sockets, interpreted: the twin of ``sock.pyx``.

Every call works on a non-blocking descriptor and returns what happened as a
number: 0 or more is a count, `AGAIN` says that nothing can be done now, anything
else is ``-errno``.
"""

import errno
import os
import socket
from typing import Final

from twemproxy.net.outcome import AGAIN
from twemproxy.net.slab import Piece

MAX_PIECES: Final = 64


def receive(fd: int, buf: bytearray, at: int, room: int) -> int:
    """Receive up to `room` bytes to buf[at:]; 0 is the end of the stream."""
    if at < 0 or room <= 0 or at + room > len(buf):
        raise IndexError(f"{at} + {room} of {len(buf)}")
    try:
        return os.readv(fd, [memoryview(buf)[at : at + room]])
    except (BlockingIOError, InterruptedError):
        return AGAIN
    except OSError as error:
        return -(error.errno or errno.EIO)


def send(fd: int, head: Piece) -> int:
    """Send the chain from `head`, at most `MAX_PIECES` of it, up to the first pipe."""
    views: list[memoryview] = []
    piece: Piece | None = head
    while piece is not None and piece.pipe is None and len(views) < MAX_PIECES:
        start = piece.off
        views.append(memoryview(piece.slab.buf)[start : start + piece.length])
        piece = piece.next
    try:
        return os.writev(fd, views)
    except (BlockingIOError, InterruptedError):
        return AGAIN
    except OSError as error:
        return -(error.errno or errno.EIO)


def accept(fd: int) -> int:
    """Accept one connection, non-blocking and closed on exec; return its descriptor."""
    listener = socket.socket(fileno=fd)
    try:
        conn, _ = listener.accept()
    except (BlockingIOError, InterruptedError):
        return AGAIN
    except OSError as error:
        return -(error.errno or errno.EIO)
    finally:
        listener.detach()
    conn.setblocking(False)
    return conn.detach()


def no_delay(fd: int) -> None:
    """Send small segments at once; an error means a UNIX socket and is ignored."""
    sock = socket.socket(fileno=fd)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        return
    finally:
        sock.detach()
