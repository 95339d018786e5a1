"""The line between the supervisor and one worker: JSON objects, one a line.

Listening sockets travel with the first bytes of the line that names them, as many with
each byte as the kernel lets through at once.
"""

import asyncio
import json
import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

MAX_FDS_AT_ONCE: Final = 253  # Linux's SCM_MAX_FD
MAX_LINE: Final = 1 << 20  # a worker that says more is broken

Message = dict[str, Any]


class Channel:
    """Our end; `remote` is the worker's until it was inherited."""

    def __init__(
        self, on_message: Callable[[Message], None], on_lost: Callable[[], None]
    ) -> None:
        self._on_message = on_message
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._own, self.remote = socket.socketpair()
        self._own.setblocking(False)
        self._received = b""
        self._unsent: deque[tuple[memoryview, list[int]]] = deque()
        self._loop.add_reader(self._own, self._on_readable)

    def send(self, message: Mapping[str, object], fds: Sequence[int] = ()) -> None:
        """Queue one message; what the worker is too slow for waits here."""
        if self._own.fileno() < 0:
            return
        line = memoryview(json.dumps(message).encode() + b"\n")
        sent = 0
        for first in range(0, len(fds), MAX_FDS_AT_ONCE):
            batch = list(fds[first : first + MAX_FDS_AT_ONCE])
            self._unsent.append((line[sent : sent + 1], batch))
            sent += 1
        self._unsent.append((line[sent:], []))
        self._flush()

    def close(self) -> None:
        """Hang up, which tells a worker to exit."""
        if self._own.fileno() >= 0:
            self._loop.remove_reader(self._own)
            self._loop.remove_writer(self._own)
            self._own.close()
            self.remote.close()

    def _flush(self) -> None:
        while self._unsent:
            data, fds = self._unsent[0]
            try:
                sent = socket.send_fds(self._own, [data], fds)
            except BlockingIOError:
                self._loop.add_writer(self._own, self._flush)
                return
            except OSError:
                self._unsent.clear()  # it died; its end of file is on the way
                break
            if sent < len(data):
                self._unsent[0] = (data[sent:], [])
            else:
                self._unsent.popleft()
        self._loop.remove_writer(self._own)

    def _on_readable(self) -> None:
        try:
            data = self._own.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        *lines, self._received = (self._received + data).split(b"\n")
        understood = all([self._take(line) for line in lines])  # noqa: C419 # every line is taken
        if not data or not understood or len(self._received) > MAX_LINE:
            self.close()
            self._on_lost()

    def _take(self, line: bytes) -> bool:
        """Hand one message on; false when it is not our protocol."""
        message = read_message(line)
        if message is None:
            return False
        self._on_message(message)
        return True


def read_message(line: bytes) -> Message | None:
    """Read one message; None for what is not our protocol."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None
