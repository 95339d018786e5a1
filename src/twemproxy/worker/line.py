"""The worker's end of the line to the supervisor: JSON objects, one a line."""

import json
import socket
from collections.abc import Callable
from typing import Any, Final

from twemproxy.net.outcome import READ
from twemproxy.net.reactor import Handler, Reactor

MAX_LINE_BYTES: Final = 65536
MAX_FDS: Final = 253

Message = dict[str, Any]


class Line(Handler):
    """Reads and writes it; listening sockets come with the lines that name them."""

    def __init__(
        self, fd: int, reactor: Reactor, take: Callable[[Message, list[int]], None]
    ) -> None:
        Handler.__init__(self, fd, 0)
        self.sock = socket.socket(fileno=fd)
        self.sock.setblocking(False)
        self.reactor = reactor
        self.take = take
        self.received = b""
        self.fds: list[int] = []
        reactor.register(self)

    def on_event(self, flags: int) -> None:
        """Act on every line that has arrived; end with the supervisor."""
        while flags & READ:
            try:
                data, fds, _, _ = socket.recv_fds(self.sock, MAX_LINE_BYTES, MAX_FDS)
            except BlockingIOError:
                return
            except OSError:
                data, fds = b"", []
            self.fds += fds
            if not data:
                self.reactor.running = False
                return
            *lines, self.received = (self.received + data).split(b"\n")
            for line in lines:
                message = json.loads(line)
                # One read may end a line and bring the sockets of the next one.
                count = carried(message)
                brought, self.fds = self.fds[:count], self.fds[count:]
                self.take(message, brought)

    def send(self, message: Message) -> None:
        """Tell the supervisor; our messages are few and short."""
        self.sock.setblocking(True)
        try:
            self.sock.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            self.reactor.running = False
        finally:
            self.sock.setblocking(False)


def carried(message: Message) -> int:
    """Tell how many sockets came with a message."""
    return sum(order["listener"] is not None for order in message.get("pools", ()))
