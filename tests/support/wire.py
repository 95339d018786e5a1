"""A client that sends bytes and says what came back, and no more clever than that.

Reading comes in two kinds. `read_expecting` stops as soon as the expected bytes
are there and a short grace has brought nothing more; `read_until_quiet` listens
until the line has been silent for a while. Sending never blocks the replies:
what arrives meanwhile is kept.
"""

import select
import socket
import time
from pathlib import Path
from typing import Final, Self

from tests.support.ports import LOOPBACK

GRACE_S: Final = 0.03
QUIET_S: Final = 0.12
PATIENCE_S: Final = 8.0
RECEIVE_BYTES: Final = 1 << 18


class Wire:
    """One connection; `received` are the bytes not handed out yet."""

    def __init__(self, address: int | Path | tuple[str, int]) -> None:
        if isinstance(address, Path):
            self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                self._sock.connect(str(address))
            except OSError:
                self._sock.close()
                raise
        else:
            where = (LOOPBACK, address) if isinstance(address, int) else address
            self._sock = socket.create_connection(where, timeout=PATIENCE_S)
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock.setblocking(False)
        self.received = bytearray()
        self.closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """Descriptor, for `select`."""
        return self._sock.fileno()

    def close(self) -> None:
        """Close, unread bytes or not."""
        self._sock.close()

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        linger = (1).to_bytes(4, "little") + bytes(4)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._sock.close()

    def half_close(self) -> None:
        """Say that we are done sending."""
        self._sock.shutdown(socket.SHUT_WR)

    def send(self, data: bytes) -> None:
        """Send all of it; what a closed peer does not take is dropped."""
        rest = memoryview(data)
        deadline = time.monotonic() + PATIENCE_S
        while rest and not self.closed:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise TimeoutError(f"{len(rest)} bytes would not leave")
            readable, writable, _ = select.select([self], [self], [], left_s)
            if readable:
                self._receive()
            if writable and not self.closed:
                try:
                    rest = rest[self._sock.send(rest) :]
                except BlockingIOError:
                    continue
                except OSError:
                    break

    def _receive(self) -> None:
        try:
            piece = self._sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        self.received += piece
        self.closed = not piece

    def _wait(self, wait_s: float) -> bool:
        """Receive once; false when nothing came in time."""
        if self.closed:
            return False
        if not select.select([self], [], [], max(wait_s, 0))[0]:
            return False
        self._receive()
        return True

    def take(self, count: int | None = None) -> bytes:
        """Hand out what was received, or its first `count` bytes."""
        end = len(self.received) if count is None else count
        taken = bytes(self.received[:end])
        del self.received[:end]
        return taken

    def read_until_quiet(self, quiet_s: float = QUIET_S) -> bytes:
        """All bytes until nothing came for `quiet_s`."""
        while self._wait(quiet_s):
            pass
        return self.take()

    def read_expecting(
        self,
        expected: bytes,
        *,
        closed: bool = False,
        grace_s: float = GRACE_S,
        patience_s: float = PATIENCE_S,
    ) -> bytes:
        """All bytes, early when they are the expected ones, late when they differ."""
        deadline = time.monotonic() + patience_s
        while expected.startswith(self.received) and self.received != expected:
            if not self._wait(deadline - time.monotonic()):
                return self.take()
        if self.received == expected and closed:
            self._wait(deadline - time.monotonic())
            grace_s = QUIET_S
        return self.read_until_quiet(grace_s if self.received == expected else QUIET_S)

    def read_exactly(self, count: int, patience_s: float = PATIENCE_S) -> bytes:
        """The next `count` bytes; fewer when the connection or the patience ends."""
        deadline = time.monotonic() + patience_s
        while len(self.received) < count:
            if not self._wait(deadline - time.monotonic()):
                break
        return self.take(min(count, len(self.received)))

    def read_line(self, patience_s: float = PATIENCE_S) -> bytes:
        """The next line with its CRLF; what there is when none comes."""
        deadline = time.monotonic() + patience_s
        while b"\r\n" not in self.received:
            if not self._wait(deadline - time.monotonic()):
                return self.take()
        return self.take(self.received.index(b"\r\n") + 2)

    def read_to_end(self, patience_s: float = PATIENCE_S) -> bytes:
        """All bytes until the peer closes."""
        deadline = time.monotonic() + patience_s
        while self._wait(deadline - time.monotonic()):
            pass
        if not self.closed:
            raise TimeoutError(f"not closed after {bytes(self.received[:200])!r}")
        return self.take()

    def ask(self, request: bytes, expected: bytes) -> bytes:
        """Send and read what should come back."""
        self.send(request)
        return self.read_expecting(expected)


def resp(*words: bytes | str | int) -> bytes:
    """A redis request in its array form."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        raw = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(raw), raw))
    return b"".join(parts)
