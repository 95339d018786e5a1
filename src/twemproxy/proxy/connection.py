"""Bytes in and out of one peer, client or server.

What arrives is read into the shared slab and consumed at once. What remains of an
unfinished message moves to a slab of its own, the `backlog`: a small one is put
in front of the next read, a large one is received into directly. Most of a large
value need not be seen at all: it goes through pipes and leaves a gap in the backlog.
What leaves waits in the outbox until the end of the tick.
"""

import errno
import os
from typing import Any, Final

from twemproxy.log import Source
from twemproxy.net import outcome
from twemproxy.net.ledger import held_bytes
from twemproxy.net.outbox import Outbox
from twemproxy.net.pipe import Gap, gap_at
from twemproxy.net.reactor import Handler
from twemproxy.net.slab import Slab, copied
from twemproxy.net.sock import receive
from twemproxy.net.splice import unread
from twemproxy.proxy.process import Process

log: Final = Source(__name__)

DIRECT: Final = 4096  # a longer backlog that lacks as much is received into,
MOVED: Final = 12288  # and so is one longer than this; others are moved
MAX_READ: Final = 65536  # one read into the shared slab takes no more than this
HEAD_READ: Final = 4096  # as much of the next message is read where the last was large
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
        "large",
        "outbox",
        "paused",
        "process",
        "reactor",
        "scanner",
        "thorough",
        "unconsumed",
    )

    backlog: Slab | None

    def __init__(self, process: Process, fd: int, stage: int) -> None:
        Handler.__init__(self, fd, stage)
        self.process = process
        self.reactor = process.reactor
        self.scanner: Any = None  # of an unfinished message
        self.outbox = Outbox()
        self.backlog = None
        self.backlog_at = 0  # where the unconsumed bytes of the backlog begin
        self.unconsumed = False  # the backlog may hold whole messages
        self.blocked = False  # the socket took less than it was given
        self.eof = False  # all that the peer sent is received
        self.thorough = False  # it is read until there is nothing, see `on_dry`
        self.large = False  # the last message had a gap
        self.paused = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self.begun_ms = 0  # when the unfinished message in the backlog began
        self.begun_bytes = 0  # and how much had been received by then

    # What a side must say.

    def consume(self, slab: Slab, start: int, end: int) -> int:
        """Act on every whole message in slab[start:end]; return where that ended."""
        raise NotImplementedError

    def may_skip(self, slab: Slab, at: int) -> bool:
        """Tell whether nobody needs to see the rest of the unfinished message there."""
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

    def expected(self) -> int:
        """Return the length the unfinished message has at least, 0 if not known."""
        scanner = self.scanner
        return 0 if scanner is None else max(scanner.need, scanner.at_least)

    def on_event(self, flags: int) -> None:
        """Write if we waited for that, then read."""
        if flags & outcome.HANGUP:
            self.thorough = True  # it will send no more, which the poller tells once
        if flags & outcome.WRITE and self.blocked:
            self.blocked = False
            self.reactor.poller.want(self.fd, not self.paused and not self.eof, False)
            self.reactor.flush_later(self)
        if flags & outcome.READ and self.fd >= 0 and not self.paused and not self.eof:
            if self.unconsumed:
                self.consume_backlog()
                if self.paused or self.fd < 0:
                    return
            self.read()

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

    def read(self) -> None:
        """Receive, consume, and keep the rest."""
        if held_bytes() > self.process.soft_bytes and self.process.guard.refuses(self):
            return
        backlog = self.backlog
        kept = 0
        if backlog is not None:
            if backlog.gap is not None and not self.fill_gap(backlog.gap):
                return
            kept = backlog.used - self.backlog_at
        slab = self.place(kept)
        if slab is None:
            return
        at = slab.used
        start = consumed = at - kept
        room = self.room(slab, kept)
        while True:
            count = receive(self.fd, slab.buf, slab.used, room)
            if count <= 0:
                break
            self.bytes_in += count
            slab.used += count
            consumed = self.consume(slab, consumed, slab.used)
            if count < room or not self.has_room_for_more(slab, consumed):
                break
            self.large = False
            room = min(MAX_READ, slab.size - slab.used)
        if slab.used > at:
            if self.fd < 0:
                return
            self.keep(slab, start, consumed)
        elif slab.shared:
            slab.used = start
        if count > 0:
            self.read_on(count == room or self.thorough)
        else:
            self.on_nothing(count)

    def place(self, kept: int) -> Slab | None:
        """Return the slab to receive into; the bytes that were `kept` are its last.

        None if the system has no memory for it; then this connection is over.
        """
        slab = self.reactor.slab
        backlog = self.backlog
        if backlog is not None:
            if backlog.gap is not None or self.stays(kept):
                return self.fit_or_end(backlog)
            slab.take(backlog.buf, self.backlog_at, backlog.used)
        return slab

    def stays(self, kept: int) -> bool:
        """Tell whether to receive behind so many bytes: to move them costs more."""
        missing = self.expected() - kept
        return kept > MOVED or (kept >= DIRECT and missing >= DIRECT)

    def has_room_for_more(self, slab: Slab, consumed: int) -> bool:
        """Tell whether to receive on in the shared slab, where nothing is moved.

        There must be room for all that an unfinished message is known to lack.
        """
        if not slab.shared or self.fd < 0 or self.paused:
            return False
        room = slab.room()
        return room > 0 and self.expected() - (slab.used - consumed) <= room

    def room(self, slab: Slab, kept: int) -> int:
        """Return how much to receive into a slab behind what was `kept`."""
        if not slab.shared:
            return slab.size - slab.used
        if self.large and not kept:
            return HEAD_READ
        return min(MAX_READ, slab.size - slab.used)

    def read_on(self, more: bool) -> None:
        """See to it that what follows is received; `more` of it may be here."""
        opened = self.backlog is not None and self.open_gap(self.backlog)
        if more and opened:
            self.read()
        elif more:
            self.large = False
            self.reactor.read_later(self)

    def open_gap(self, backlog: Slab) -> bool:
        """Let most of a large message's rest go through pipes, if that is possible."""
        if self.scanner is None or self.paused or backlog.gap is not None:
            return False
        kept = backlog.used - self.backlog_at
        missing = self.scanner.need - kept - 2  # its end, CR LF, is always looked at
        if missing < self.process.splice_bytes:
            return False
        if not self.may_skip(backlog, self.backlog_at):
            return False
        gap = gap_at(kept, missing)
        if gap is None:
            return False
        self.scanner.skip(missing)
        slab = Slab(kept + HEAD_READ)
        slab.take(backlog.buf, self.backlog_at, backlog.used)
        slab.gap = gap
        self.backlog = slab
        self.backlog_at = 0
        self.large = True
        return True

    def fill_gap(self, gap: Gap) -> bool:
        """Receive what belongs into a gap; true when the rest goes to memory."""
        if not gap.missing:
            return True
        count = gap.fill(self.fd)
        if count == outcome.FULL:
            self.scanner.skip(-gap.missing)
            gap.missing = 0
            return True
        if count <= 0:
            self.on_nothing(count)
            return False
        self.bytes_in += count
        if gap.missing and (self.thorough or unread(self.fd)):
            self.reactor.read_later(self)
        return gap.missing == 0

    def on_nothing(self, count: int) -> None:
        """Act on a read that brought no bytes but this outcome."""
        if count == 0:
            self.eof = True
            self.on_eof()
        elif count == outcome.AGAIN:
            self.on_dry()
        else:
            self.on_broken(-count)

    def fit_or_end(self, slab: Slab) -> Slab | None:
        """Fit the backlog; where there is no memory for so much, others need less."""
        try:
            return self.fit(slab)
        except MemoryError:
            self.on_broken(errno.ENOMEM)
            return None

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
        elif slab.shared or (slab.gap is not None and consumed):
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
            if self.backlog.gap is not None:
                kept += self.backlog.gap.length
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
