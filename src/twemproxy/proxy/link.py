"""Links: connections that we open, to an address, a path or a name.

A name may have several addresses; they are tried in turn, each for its share of the
time there is. Failures come as events, never from the call that dials.
"""

import errno
import os
from typing import Final

from twemproxy.log import INFO, Source
from twemproxy.net import outcome
from twemproxy.net.dial import (
    Addresses,
    connect_error,
    dial_tcp,
    dial_unix,
    numeric_family,
)
from twemproxy.net.reactor import Timer
from twemproxy.proxy import state
from twemproxy.proxy.connection import Connection
from twemproxy.proxy.process import Process
from twemproxy.stats import slot
from twemproxy.stats.counters import Block

log: Final = Source(__name__)


class Link(Connection):
    """A connection that we open.

    Always true: `state` goes from RESOLVING over CONNECTING and READY to CLOSED; it may
    skip one but never goes back. Nothing is written before it is READY.
    """

    __slots__ = (
        "address",
        "addresses",
        "counters",
        "error",
        "share",
        "state",
        "timeout_ms",
    )

    def __init__(self, process: Process, counters: Block) -> None:
        Connection.__init__(self, process, -1, 0)
        self.counters = counters
        self.address = ""
        self.timeout_ms = 0
        self.state = state.RESOLVING
        self.addresses: Addresses | None = None  # of a name
        self.share: Timer | None = None  # ends the time that one of several has
        self.error = 0  # what closes it in the next tick
        self.blocked = True

    def count_resolved(self) -> None:
        """Count what was asked before the server had an address."""
        raise NotImplementedError

    def close(self, error: int) -> None:
        """End the connection for this errno."""
        raise NotImplementedError

    def dial(self, host: str, port: int, path: str) -> None:
        """Connect to a name, an address or a path; failures come as events."""
        self.counters.add(slot.CONNECTS, 1)
        if path:
            self.connect(*dial_unix(path))
        elif numeric_family(host):
            self.connect(*dial_tcp(host, port))
        else:
            self.process.resolve(host, lambda found: self.on_resolved(found, port))

    def on_resolved(self, addresses: list[str], port: int) -> None:
        """Go on with the addresses of a name, or fail for want of them."""
        if self.state == state.RESOLVING:
            self.addresses = Addresses(addresses, port, self.timeout_ms)
            self.attempt(errno.EHOSTDOWN)

    def move(self, addresses: list[str]) -> None:
        """Go on with the addresses that the name has now, if still connecting."""
        former = self.addresses
        if former is not None and self.state == state.CONNECTING and self.fd >= 0:
            self.addresses = Addresses(addresses, former.port, self.timeout_ms)
            self.attempt_another(errno.ETIMEDOUT)

    def attempt(self, status: int) -> None:
        """Connect to the next address; without any, fail as the last one did."""
        addresses = self.addresses
        if addresses is None:
            return
        fd, status = addresses.dial(status)
        self.connect(fd, status)
        if addresses.left and self.state == state.CONNECTING:
            late_ms = self.reactor.now_ms + addresses.share_ms
            self.share = self.reactor.call_at(late_ms, self.on_late)

    def on_late(self) -> None:
        """Try another address when this one says nothing."""
        self.attempt_another(errno.ETIMEDOUT)

    def end_share(self) -> None:
        """Wait no more for this address; a timer that runs on forgets us."""
        if self.share is not None:
            self.share.cancel()
            self.share = None

    def attempt_another(self, status: int) -> None:
        """Give this address up for the next one; the clocks of requests run on."""
        log.info("s %d '%s': %s", self.fd, self.address, os.strerror(status))
        self.end_share()
        self.reactor.unregister(self)
        os.close(self.fd)
        self.fd = -1
        self.attempt(status)

    def connect(self, fd: int, status: int) -> None:
        """Take over a socket that is being connected."""
        if fd >= 0 and self.state == state.RESOLVING:
            self.count_resolved()
        self.state = state.CONNECTING
        if fd < 0:
            self.error = status
            self.reactor.call_at(self.reactor.now_ms, self.on_refused)
            return
        self.fd = fd
        self.reactor.register(self)
        self.reactor.poller.want(fd, True, True)
        if status == 0:
            self.on_connected()

    def on_refused(self) -> None:
        """Fail as the attempt to connect did."""
        self.close(self.error)

    def on_event(self, flags: int) -> None:
        """Finish connecting, or do what every connection does."""
        if self.state == state.CONNECTING and self.fd >= 0:
            status = connect_error(self.fd)
            if status == errno.EINPROGRESS:
                return
            if status:
                if self.addresses is not None and self.addresses.left:
                    self.attempt_another(status)
                else:
                    self.close(status)
                return
            if not flags & outcome.WRITE:
                return
            self.on_connected()
        Connection.on_event(self, flags)

    def on_connected(self) -> None:
        """Begin to send what waits."""
        self.state = state.READY
        self.end_share()
        self.counters.add(slot.SERVER_CONNECTIONS, 1)
        if log.wants(INFO):
            log.info("connected on s %d to server '%s'", self.fd, self.address)
        self.blocked = False
        self.reactor.poller.want(self.fd, True, False)
        self.reactor.flush_later(self)

    def shut(self) -> None:
        """Close the descriptor, let go of all buffers and wait for nothing."""
        self.end_share()
        Connection.shut(self)
