"""Bytes in and out of one peer, client or server.

What arrives is read into the shared slab and consumed at once. What remains of an
unfinished message moves to a slab of its own, the `backlog`: a small one is put
in front of the next read, a large one is received into directly. What leaves
waits in the outbox until the end of the tick.
"""

import os
from typing import Final

from twemproxy.log import Source
from twemproxy.net import outcome
from twemproxy.net.outbox import Outbox
from twemproxy.net.reactor import Handler
from twemproxy.net.slab import Slab, copied, held_bytes
from twemproxy.net.sock import receive
from twemproxy.proxy.process import Process

log: Final = Source(__name__)

DIRECT: Final = 4096  # a longer backlog is received into, a shorter one is moved
MAX_READ: Final = 65536  # one read into the shared slab takes no more than this
FIRST_GROWTH: Final = 65536  # memory for a long message before half of it is here


class Connection(Handler):
    """One socket and its buffers.

    Always true between two events:

    * bytes leave in the order in which they were added to `outbox`;
    * while `paused` is not 0 nothing is read; each bit is a reason of its own;
    * nothing of this connection lies in the shared slab;
    * `fd` is -1 once it is closed, and nothing happens to it after that.
    """

    __slots__ = (
        "backlog",
        "backlog_at",
        "begun_bytes",
        "begun_ms",
        "blocked",
        "bytes_in",
        "bytes_out",
        "eof",
        "outbox",
        "paused",
        "process",
        "reactor",
        "unconsumed",
    )

    backlog: Slab | None

    def __init__(self, process: Process, fd: int, stage: int) -> None:
        Handler.__init__(self, fd, stage)
        self.process = process
        self.reactor = process.reactor
        self.outbox = Outbox()
        self.backlog = None
        self.backlog_at = 0  # where the unconsumed bytes of the backlog begin
        self.unconsumed = False  # the backlog may hold whole messages
        self.blocked = False  # the socket took less than it was given
        self.eof = False  # the peer will send no more
        self.paused = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self.begun_ms = 0  # when the unfinished message in the backlog began
        self.begun_bytes = 0  # and how much had been received by then

    # What a side must say.

    def consume(self, slab: Slab, start: int, end: int) -> int:
        """Act on every whole message in slab[start:end]; return where that ended."""
        raise NotImplementedError

    def expected(self) -> int:
        """Return the length the unfinished message has at least, 0 if not known."""
        raise NotImplementedError

    def on_eof(self) -> None:
        """The peer has finished sending."""
        raise NotImplementedError

    def on_broken(self, error: int) -> None:
        """The socket failed with this errno."""
        raise NotImplementedError

    def on_flushed(self) -> None:
        """The outbox went out whole."""

    def on_dry(self) -> None:
        """There is nothing to receive."""

    # Reading.

    def on_event(self, flags: int) -> None:
        """Write if we waited for that, then read."""
        if flags & outcome.WRITE and self.blocked:
            self.blocked = False
            self.reactor.poller.want(self.fd, not self.paused and not self.eof, False)
            self.reactor.flush_later(self)
        if flags & outcome.READ and self.fd >= 0 and not self.paused and not self.eof:
            if self.unconsumed:
                self.consume_backlog()
                if self.paused or self.fd < 0:
                    return
            self.read(bool(flags & outcome.HANGUP))

    def consume_backlog(self) -> None:
        """Go on with what had arrived before reading was paused."""
        slab = self.backlog
        self.unconsumed = False
        if slab is None:
            return
        at = self.consume(slab, self.backlog_at, slab.used)
        if self.fd < 0:
            return
        self.backlog_at = at
        if at == slab.used:
            self.backlog = None
            self.backlog_at = 0
        elif self.paused:
            self.unconsumed = True

    def read(self, hangup: bool) -> None:
        """Receive once, consume, and keep the rest."""
        if held_bytes() > self.process.soft_bytes and self.process.guard.refuses(self):
            return
        backlog = self.backlog
        kept = 0
        if backlog is not None:
            kept = backlog.used - self.backlog_at
        if backlog is not None and kept >= DIRECT:
            slab = self.fit(backlog)
            start = 0
        else:
            slab = self.reactor.slab
            start = slab.used
            if backlog is not None:
                slab.take(backlog.buf, self.backlog_at, backlog.used)
        at = start + kept
        room = slab.size - at
        if room > MAX_READ and slab.shared:
            room = MAX_READ
        count = receive(self.fd, slab.buf, at, room)
        if count <= 0:
            if slab.shared:
                slab.used = start
            self.on_nothing(count)
            return
        self.bytes_in += count
        slab.used = at + count
        if count == room or hangup:
            self.reactor.read_later(self)
        consumed = self.consume(slab, start, at + count)
        if self.fd >= 0:
            self.keep(slab, start, consumed)

    def on_nothing(self, count: int) -> None:
        """Act on a read that brought no bytes but this outcome."""
        if count == 0:
            self.eof = True
            self.on_eof()
        elif count == outcome.AGAIN:
            self.on_dry()
        else:
            self.on_broken(-count)

    def fit(self, slab: Slab) -> Slab:
        """Return the backlog with room for more of its message, from offset 0.

        Memory grows with what has arrived, never with what was declared.
        """
        if self.backlog_at:
            slab = copied(slab.buf, self.backlog_at, slab.used)
            self.backlog = slab
            self.backlog_at = 0
        need = self.expected()
        size = slab.size
        if need > slab.used:
            if need > size:
                size = min(need, max(2 * slab.used, FIRST_GROWTH))
        elif size - slab.used < DIRECT:
            size = 2 * slab.used
        slab.grow(size, need)
        return slab

    def keep(self, slab: Slab, start: int, consumed: int) -> None:
        """Hold on to slab[consumed:], which no whole message fills."""
        end = slab.used
        if consumed != start or self.backlog is None:
            self.begun_ms = self.reactor.now_ms
            self.begun_bytes = self.bytes_in - (end - consumed)
        if consumed == end or self.eof:
            self.backlog = None
            self.backlog_at = 0
        elif slab.shared:
            self.backlog = copied(slab.buf, consumed, end)
            self.backlog_at = 0
        else:
            self.backlog_at = consumed
        self.unconsumed = self.paused != 0 and self.backlog is not None

    def held(self) -> int:
        """Return how many bytes are kept for this peer."""
        kept = self.outbox.pending
        if self.backlog is not None:
            kept += self.backlog.size
        return kept

    def pause(self, why: int) -> None:
        """Stop reading until `resume` with the same reason."""
        if not self.paused:
            self.reactor.poller.want(self.fd, False, self.blocked)
        self.paused |= why

    def resume(self, why: int) -> None:
        """Go on reading if this was the last reason not to."""
        if self.paused & why:
            self.paused &= ~why
            if not self.paused and self.fd >= 0:
                self.reactor.poller.want(self.fd, not self.eof, self.blocked)
                self.reactor.read_later(self)

    # Writing.

    def send_later(self) -> None:
        """Have the outbox flushed, or at least settled, in this tick."""
        if self.blocked:
            self.reactor.settle_later(self)
        else:
            self.reactor.flush_later(self)

    def flush(self) -> None:
        """Write what there is; wait for the socket if it does not take all."""
        outbox = self.outbox
        if self.fd < 0 or self.blocked:
            return
        pending = outbox.pending
        if pending:
            status = outbox.flush(self.fd)
            self.bytes_out += pending - outbox.pending
            if status < 0:
                self.on_broken(-status)
                return
            if outbox.pending:
                self.block()
                return
        self.on_flushed()

    def block(self) -> None:
        """Wait until the socket is writable."""
        self.blocked = True
        self.reactor.poller.want(self.fd, not self.paused and not self.eof, True)
        self.reactor.settle_later(self)

    def settle(self) -> None:
        """Keep nothing in the shared slab."""
        self.outbox.settle()

    def log_close(self, side: str, peer: str, error: int) -> None:
        """Write the line that ends the life of this connection."""
        log.notice(
            "close %s %d '%s' on event %04X eof %d done %d rb %d sb %d%s",
            side,
            self.fd,
            peer,
            0,
            self.eof,
            self.eof and error == 0,
            self.bytes_in,
            self.bytes_out,
            f": {os.strerror(error)}" if error else "  ",
        )

    def shut(self) -> None:
        """Close the descriptor and let go of all buffers."""
        if self.fd >= 0:
            self.reactor.unregister(self)
            os.close(self.fd)
            self.fd = -1
        self.outbox.clear()
        self.backlog = None
        self.unconsumed = False
