"""A fake server that says exactly what a script says, byte for byte.

One script per connection, in the order of connecting; connections beyond the
list use the last one. When a script has ended its input is swallowed.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.ports import LOOPBACK

POLL_S = 0.02
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a script; its parts happen in the order of the fields."""

    until: bytes = b""
    delay_ms: int = 0
    send: bytes = b""
    close: bool = False
    reset: bool = False


Script = Sequence[Line]


def reset(conn: socket.socket) -> None:
    """Close with RST, as a machine that lost its memory answers."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    conn.close()


class CannedServer:
    """Listens until `close`; `heard` is what each connection has received."""

    def __init__(
        self, scripts: Sequence[Script] = (), path: Path | None = None
    ) -> None:
        family = socket.AF_INET if path is None else socket.AF_UNIX
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.bind((LOOPBACK, 0) if path is None else str(path))
        self._listener.listen(64)
        self._listener.settimeout(POLL_S)
        self.port: int = self._listener.getsockname()[1] if path is None else 0
        self.heard: list[bytearray] = []
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._scripts = list(scripts) or [()]
        self._spawn(self._accept)

    def close(self) -> None:
        """Stop listening, drop all connections, wait for the threads."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _spawn(self, job: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=job, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                conn, _ = self._listener.accept()
                turn = min(len(self.heard), len(self._scripts) - 1)
                heard = bytearray()
                self.heard.append(heard)
                self._spawn(self._serve, conn, self._scripts[turn], heard)

    def _serve(self, conn: socket.socket, script: Script, heard: bytearray) -> None:
        conn.settimeout(POLL_S)
        pending = bytearray()
        with conn, contextlib.suppress(OSError):
            for line in script:
                if not self._await(conn, line.until, pending, heard):
                    return
                if line.delay_ms and self._ended.wait(line.delay_ms / 1000):
                    return
                self._send(conn, line.send)
                if line.reset:
                    reset(conn)
                if line.reset or line.close:
                    return
            while self._receive(conn, pending, heard):
                pending.clear()

    def _send(self, conn: socket.socket, reply: bytes) -> None:
        rest = memoryview(reply)
        while rest and not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                rest = rest[conn.send(rest) :]

    def _await(
        self, conn: socket.socket, until: bytes, pending: bytearray, heard: bytearray
    ) -> bool:
        """Receive until `until` came, and consume through it; false at the end."""
        while until not in pending:
            if not self._receive(conn, pending, heard):
                return False
        if until:
            del pending[: pending.index(until) + len(until)]
        return True

    def _receive(
        self, conn: socket.socket, pending: bytearray, heard: bytearray
    ) -> bool:
        """Add what arrives to both; false when nothing more can come."""
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                piece = conn.recv(65536)
                pending += piece
                heard += piece
                return bool(piece)
        return False
