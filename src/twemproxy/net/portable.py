"""The portable poller: whatever `selectors` finds on this system."""

import selectors
import time

from twemproxy.net.outcome import HANGUP, READ, WRITE
from twemproxy.net.poller import Poller

MAX_WAIT_S = 3600.0


class PortablePoller(Poller):
    """Level-triggered: a descriptor nobody wants anything of is not watched."""

    __slots__ = ("events", "selector")

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.events: list[tuple[int, int]] = []

    def add(self, fd: int) -> None:
        """Watch `fd` for reading."""
        self.want(fd, True, False)

    def remove(self, fd: int) -> None:
        """Stop watching `fd`."""
        if fd in self.selector.get_map():
            self.selector.unregister(fd)

    def want(self, fd: int, read: bool, write: bool) -> None:
        """Watch `fd` for exactly this."""
        mask = (selectors.EVENT_READ if read else 0) | (
            selectors.EVENT_WRITE if write else 0
        )
        known = fd in self.selector.get_map()
        if not mask:
            self.remove(fd)
        elif known:
            self.selector.modify(fd, mask)
        else:
            self.selector.register(fd, mask)

    def wait(self, timeout_ms: int) -> int:
        """Wait for events; return how many."""
        timeout = None if timeout_ms < 0 else min(timeout_ms / 1000, MAX_WAIT_S)
        self.events = [(key.fd, mask) for key, mask in self.selector.select(timeout)]
        return len(self.events)

    def fd(self, i: int) -> int:
        """Return the descriptor of event `i`."""
        return self.events[i][0]

    def flags(self, i: int) -> int:
        """Return what can be done; a broken connection shows when it is tried."""
        mask = self.events[i][1]
        return (READ | HANGUP if mask & selectors.EVENT_READ else 0) | (
            WRITE if mask & selectors.EVENT_WRITE else 0
        )

    def breathe(self, time_us: int) -> None:
        """Sleep; how finely depends on the system."""
        time.sleep(time_us / 1000000)
