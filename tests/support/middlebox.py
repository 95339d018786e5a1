"""A TCP relay between the proxy and a server that breaks the line on purpose.

Requests pass; what happens to replies is the business of a `Fault`, which may be
exchanged at any moment and then holds for the bytes that come from then on. A
fault is a value without memory; what a connection needs to remember is in its
`Link`.
"""

import contextlib
import select
import socket
import threading
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from tests.support.canned import reset
from tests.support.ports import LOOPBACK

POLL_S: Final = 0.02

Ending = Literal["close", "reset", "half-close", "stall"]


class Link:
    """One relayed connection: the proxy is near, the server far.

    `relayed` counts reply bytes since the fault was set. An ended link is closed by
    its thread; a stalled one stays open and relays no more replies.
    """

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near = near
        self.far = far
        self.relayed = 0
        self.ended = False
        self.stalled = False

    def relay(self, data: bytes) -> None:
        """Hand reply bytes to the proxy."""
        self.near.sendall(data)
        self.relayed += len(data)

    def finish(self, ending: Ending) -> None:
        """End the connection this way; "stall" ends only the replies."""
        if ending == "half-close":
            self.near.shutdown(socket.SHUT_WR)
        if ending in ("half-close", "stall"):
            self.stalled = True
            return
        self.ended = True
        if ending == "reset":
            reset(self.near)


class Fault(Protocol):
    """Decides what becomes of the bytes that a server sent."""

    def on_reply(self, link: Link, data: bytes) -> None:
        """Hand on, drop, change or delay them; end the link or not."""


@dataclass(frozen=True, slots=True)
class Pass:
    """No fault at all."""

    def on_reply(self, link: Link, data: bytes) -> None:
        """Hand on."""
        link.relay(data)


@dataclass(frozen=True, slots=True)
class Cut:
    """Hand on the first `after` bytes of the replies, then end the link."""

    after: int
    ending: Ending = "close"

    def on_reply(self, link: Link, data: bytes) -> None:
        """Hand on what is left of the allowance."""
        link.relay(data[: max(0, self.after - link.relayed)])
        link.finish(self.ending)


@dataclass(frozen=True, slots=True)
class Trickle:
    """Hand on byte by byte, each in a packet of its own."""

    def on_reply(self, link: Link, data: bytes) -> None:
        """Hand on slowly."""
        for i in range(len(data)):
            link.relay(data[i : i + 1])


@dataclass(frozen=True, slots=True)
class Twice:
    """Hand on everything twice: the second is an answer to nothing."""

    def on_reply(self, link: Link, data: bytes) -> None:
        """Hand on, and again."""
        link.relay(data + data)


@dataclass(frozen=True, slots=True)
class Say:
    """Hand on other bytes instead."""

    instead: bytes

    def on_reply(self, link: Link, data: bytes) -> None:
        """Drop the real ones."""
        link.relay(self.instead)


@dataclass(frozen=True, slots=True)
class Late:
    """Hand on when `release` is set, which may be after everybody gave up."""

    release: threading.Event

    def on_reply(self, link: Link, data: bytes) -> None:
        """Wait, then hand on to a proxy that may have left."""
        self.release.wait()
        link.relay(data)


@dataclass(frozen=True, slots=True)
class BlackHole:
    """Hand on nothing, ever, and leave the connection open."""

    def on_reply(self, link: Link, data: bytes) -> None:
        """Drop."""


class Middlebox:
    """Listens on a port of its own; `port` is what the pool names as its server."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._fault: Fault = Pass()
        self._links: list[Link] = []
        self._ended = threading.Event()
        self._listener = socket.create_server((LOOPBACK, 0), backlog=64)
        self._listener.settimeout(POLL_S)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def connections(self) -> int:
        """How many connections the proxy has made so far."""
        return len(self._links)

    def set_fault(self, fault: Fault) -> None:
        """Let this fault decide about all replies from now on."""
        for link in self._links:
            link.relayed = 0
        self._fault = fault

    def sever(self, ending: Ending) -> None:
        """End all present connections at once, whatever is in flight."""
        for link in self._links:
            with contextlib.suppress(OSError):
                link.finish(ending)

    def close(self) -> None:
        """Stop listening, drop all connections, wait for the threads."""
        self._ended.set()
        if isinstance(self._fault, Late):
            self._fault.release.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                near, _ = self._listener.accept()
                near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                thread = threading.Thread(target=self._relay, args=(near,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _relay(self, near: socket.socket) -> None:
        with (
            near,
            contextlib.suppress(OSError),
            socket.create_connection((LOOPBACK, self._upstream)) as far,
        ):
            far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = Link(near, far)
            self._links.append(link)
            while not (self._ended.is_set() or link.ended):
                self._turn(link)

    def _turn(self, link: Link) -> None:
        readable, _, _ = select.select([link.near, link.far], [], [], POLL_S)
        if link.near in readable:
            data = link.near.recv(65536)
            link.far.sendall(data)
            link.ended = link.ended or not data
        if link.far in readable:
            data = link.far.recv(65536)
            if not data:
                link.ended = True
            elif not link.stalled:
                self._fault.on_reply(link, data)
