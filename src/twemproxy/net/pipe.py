"""Pipes that hold the inside of large values, which then is never copied.

    socket ──splice──▶ pipe ──splice──▶ socket

Receiving a megabyte into memory and sending it costs two copies, and those are
most of what relaying it costs. A pipe holds the very pages that the bytes came in,
and hands them on. So a value can lie there until its message is whole, as it would
in a slab: see `Gap`. There are few pipes, and they are used again and again; who
finds none receives into memory. See docs/decisions/large-values.md.
"""

import fcntl
import os
import resource
from typing import Final

from twemproxy import limits
from twemproxy.net import outcome
from twemproxy.net.ledger import hold
from twemproxy.net.splice import move, unread

PIPE_BYTES: Final = limits.PIPE_BYTES
MAX_PIPES: Final = limits.MAX_PIPES
DESCRIPTORS_PER_PIPE: Final = limits.DESCRIPTORS_PER_PIPE
AVAILABLE: Final = hasattr(os, "splice") and hasattr(fcntl, "F_SETPIPE_SZ")


def allowed(descriptors: int) -> int:
    """Return how many pipes there may be in a process with so many descriptors."""
    if not AVAILABLE:
        return 0
    if descriptors == resource.RLIM_INFINITY:
        return MAX_PIPES
    return min(MAX_PIPES, descriptors // DESCRIPTORS_PER_PIPE)


class Rack:
    """The pipes that nobody uses, as pairs of descriptors, and how many exist."""

    __slots__ = ("idle", "most", "refused", "spare", "total")

    def __init__(self, most: int) -> None:
        self.most = most
        self.spare: list[tuple[int, int]] = []
        self.total = 0  # in use or not
        self.idle = 0  # the least number of spare ones since the last `trim`
        self.refused = False  # the system gave none since then

    def take(self) -> "Pipe | None":
        """Return an empty pipe, None if there are as many as there may be."""
        if not self.spare and not self.make():
            return None
        source, sink = self.spare.pop()
        self.idle = min(self.idle, len(self.spare))
        return Pipe(source, sink)

    def make(self) -> bool:
        """Have one pipe more, unless the system or `most` forbids it."""
        if self.refused or self.total >= self.most:
            return False
        try:
            source, sink = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:  # no descriptors left
            self.refused = True
            return False
        try:
            fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        except OSError:  # what all pipes of a user may hold is limited
            os.close(source)
            os.close(sink)
            self.refused = True
            return False
        self.spare.append((source, sink))
        self.total += 1
        return True

    def give(self, source: int, sink: int, empty: bool) -> None:
        """Take a pipe back; one with bytes in it must never be used again."""
        if empty and self.total <= self.most:
            self.spare.append((source, sink))
        else:
            self.discard(source, sink)

    def discard(self, source: int, sink: int) -> None:
        """Close a pipe."""
        os.close(source)
        os.close(sink)
        self.total -= 1

    def trim(self) -> None:
        """Close as many as were not needed lately."""
        for source, sink in self.spare[: self.idle]:
            self.discard(source, sink)
        del self.spare[: self.idle]
        self.idle = len(self.spare)
        self.refused = False


RACK: Final = Rack(allowed(resource.getrlimit(resource.RLIMIT_NOFILE)[0]))


class Pipe:
    """One pipe and how many bytes are in it; they are in the ledger.

    Its end gives it back to the rack, which closes it unless it is empty.
    """

    __slots__ = ("held", "sink", "source")

    def __init__(self, source: int, sink: int) -> None:
        self.source = source
        self.sink = sink
        self.held = 0

    def __del__(self) -> None:
        hold(-self.held)
        RACK.give(self.source, self.sink, self.held == 0)

    def fill(self, fd: int, most: int) -> int:
        """Move up to `most` bytes of a socket to the pipe; return the outcome."""
        count = move(fd, self.sink, most, False)
        if count > 0:
            self.held += count
            hold(count)
        return count

    def drain(self, fd: int, more: bool) -> int:
        """Move bytes to a socket, behind which `more` follow; return the outcome."""
        count = move(self.source, fd, self.held, more)
        if count > 0:
            self.held -= count
            hold(-count)
        return count


class Gap:
    """Bytes of a message that are not in its slab, but in pipes.

    They belong at offset `at` of the slab: `length` bytes are here, `missing`
    ones have yet to come. Everything else of the message is in the slab, its end
    included, so that its scanner sees where it ends.
    """

    __slots__ = ("at", "length", "missing", "pipes")

    def __init__(self, at: int, missing: int, pipe: Pipe) -> None:
        self.at = at
        self.missing = missing
        self.length = 0
        self.pipes = [pipe]

    def fill(self, fd: int) -> int:
        """Receive more of it; return the outcome, FULL if no pipe has room."""
        pipe = self.pipes[len(self.pipes) - 1]
        count = pipe.fill(fd, self.missing)
        if count == outcome.AGAIN and unread(fd) > 0:  # so it is the pipe that is full
            if pipe.held == 0:
                return outcome.FULL  # this kind of socket cannot be spliced now
            another = RACK.take()
            if another is None:
                return outcome.FULL
            self.pipes.append(another)
            count = another.fill(fd, self.missing)
            if count == outcome.AGAIN:
                return outcome.FULL
        if count > 0:
            self.length += count
            self.missing -= count
        return count


def gap_at(at: int, length: int) -> Gap | None:
    """Return an empty gap for `length` bytes at offset `at`, if there is a pipe."""
    pipe = RACK.take()
    return None if pipe is None else Gap(at, length, pipe)


def trim_pipes() -> None:
    """Close the pipes that were not needed since the last call."""
    RACK.trim()
