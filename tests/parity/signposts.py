"""Fake redis servers that answer every GET with their own number.

One thread serves all of them. The servers of a routing vector that have no name
are placed by their address, so they listen exactly there; a lock file keeps two
test runs on one machine from wanting the same address at once.
"""

import contextlib
import fcntl
import selectors
import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.ports import LOOPBACK

POLL_S: Final = 0.02
Address = tuple[str, int] | str


def count_requests(buf: bytearray) -> int:
    """Drop the complete `GET key` requests from the front; how many there were."""
    count = pos = 0
    while True:
        end = _end_of_request(buf, pos)
        if end < 0:
            del buf[:pos]
            return count
        count += 1
        pos = end


def _end_of_request(buf: bytearray, start: int) -> int:
    """Find the end of `*2 $3 GET $n key`; -1 when it is not there yet."""
    pos = start
    line = buf.find(b"\r\n", pos)
    words = 0 if line < 0 else int(buf[pos + 1 : line])
    if not words:
        return -1
    pos = line + 2
    for _ in range(words):
        line = buf.find(b"\r\n", pos)
        if line < 0:
            return -1
        pos = line + 2 + int(buf[pos + 1 : line]) + 2
    return pos if pos <= len(buf) else -1


class Signposts:
    """Server i listens at `addresses[i]`; None means a port from the kernel."""

    def __init__(self, addresses: Sequence[Address | None]) -> None:
        self._selector = selectors.DefaultSelector()
        self._ended = threading.Event()
        self._pending: dict[socket.socket, bytearray] = {}
        self._listeners = [self._listen(i, at) for i, at in enumerate(addresses)]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _listen(self, number: int, address: Address | None) -> socket.socket:
        if isinstance(address, str):
            Path(address).unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(address)
        else:
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address or (LOOPBACK, 0))
        listener.listen(16)
        self._selector.register(listener, selectors.EVENT_READ, (number, True))
        return listener

    def port(self, number: int) -> int:
        """Where server `number` listens."""
        port: int = self._listeners[number].getsockname()[1]
        return port

    def _run(self) -> None:
        while not self._ended.is_set():
            for key, _ in self._selector.select(POLL_S):
                number, listens = key.data
                sock = key.fileobj
                if not isinstance(sock, socket.socket):
                    raise TypeError(sock)
                if listens:
                    conn, _ = sock.accept()
                    self._pending[conn] = bytearray()
                    self._selector.register(conn, selectors.EVENT_READ, (number, False))
                else:
                    self._answer(sock, number)

    def _answer(self, conn: socket.socket, number: int) -> None:
        piece = b""
        with contextlib.suppress(OSError):
            piece = conn.recv(65536)
        if not piece:
            self._selector.unregister(conn)
            self._pending.pop(conn)
            conn.close()
            return
        self._pending[conn] += piece
        asked = count_requests(self._pending[conn])
        with contextlib.suppress(OSError):
            conn.sendall(b":%d\r\n" % number * asked)

    def close(self) -> None:
        """Close everything."""
        self._ended.set()
        self._thread.join()
        self._selector.close()
        for sock in [*self._listeners, *self._pending]:
            sock.close()


@contextmanager
def fixed_addresses() -> Iterator[None]:
    """Hold the right to use the addresses written in the vectors."""
    path = Path(tempfile.gettempdir()) / "twemproxy-tests-fixed-addresses.lock"
    with path.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
