"""The epoll poller, interpreted: the twin of ``epoll.pyx``."""

import select
import time

from twemproxy.net.outcome import HANGUP, READ, WRITE
from twemproxy.net.poller import Poller

MAX_EVENTS = 512
BROKEN = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR


class EpollPoller(Poller):
    """Edge-triggered, each descriptor registered once for everything."""

    __slots__ = ("epoll", "events")

    def __init__(self) -> None:
        self.epoll = select.epoll()
        self.events: list[tuple[int, int]] = []

    def add(self, fd: int) -> None:
        """Watch `fd` for everything, once."""
        self.epoll.register(
            fd,
            select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET,
        )

    def remove(self, fd: int) -> None:
        """Stop watching `fd`."""
        self.epoll.unregister(fd)

    def want(self, fd: int, read: bool, write: bool) -> None:
        """Nothing to do: every edge is reported."""

    def wait(self, timeout_ms: int) -> int:
        """Wait for events; return how many."""
        timeout = None if timeout_ms < 0 else timeout_ms / 1000
        self.events = self.epoll.poll(timeout, MAX_EVENTS)
        return len(self.events)

    def fd(self, i: int) -> int:
        """Return the descriptor of event `i`."""
        return self.events[i][0]

    def flags(self, i: int) -> int:
        """Return what happened to it."""
        events = self.events[i][1]
        return (
            (READ if events & (select.EPOLLIN | BROKEN) else 0)
            | (WRITE if events & (select.EPOLLOUT | BROKEN) else 0)
            | (HANGUP if events & BROKEN else 0)
        )

    def breathe(self, time_us: int) -> None:
        """Sleep; the kernel adds its timer slack."""
        time.sleep(time_us / 1000000)
