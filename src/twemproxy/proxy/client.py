"""Clients: when each is heard, and how it leaves."""

import errno
from typing import Final

from twemproxy import limits, log
from twemproxy.errors import ProtocolError
from twemproxy.net.dial import shut_writing
from twemproxy.net.slab import Slab
from twemproxy.proxy import reason
from twemproxy.proxy.connection import Connection
from twemproxy.proxy.pipeline import Pipeline
from twemproxy.proxy.process import Process
from twemproxy.proxy.protocol import Protocol
from twemproxy.proxy.request import fail, finish
from twemproxy.stats import slot
from twemproxy.stats.counters import Block

TURN_US: Final = limits.TURN_US
PARTING_BYTES: Final = limits.PARTING_BYTES
HELD_BYTES: Final = 16384  # so much is sent at once, whatever follows
STALLED_BYTES: Final = 65536  # this much unsent stops the reading of a client


class Client(Pipeline):
    """One client: when it is heard, when its replies are sent, how it leaves.

    Always true between two events: it is counted as connected until it is `leaving` or
    closed, and as paused while one of the reasons THROTTLED keeps it from being read.
    """

    __slots__ = (
        "authenticated",
        "broken",
        "counted_in",
        "counted_out",
        "draining",
        "earned_bytes",
        "earned_ms",
        "in_turns",
        "leaving",
        "moved_ms",
        "number",
        "owner",
        "parting_bytes",
        "peer",
        "resp3",
        "session",
        "since_ms",
        "strange_ms",
        "worked_us",
    )

    def __init__(
        self, process: Process, fd: int, protocol: Protocol, counters: Block
    ) -> None:
        Pipeline.__init__(self, process, fd, protocol, counters)
        self.owner: dict[Client, None] | None = None  # the clients of the pool
        self.authenticated = False
        self.draining = False  # closes when nothing is owed and nothing has come
        self.broken = False  # what it sent was not the protocol
        self.leaving = False  # has had its last reply; see `leave`
        self.in_turns = False  # all that is under way came at once
        self.resp3 = False  # it speaks the newer Redis protocol
        self.session: object = None  # what a Redis client has told about itself
        self.peer = ""
        self.number = process.number()
        self.since_ms = self.reactor.now_ms
        self.strange_ms = self.since_ms  # when it became unknown, if it is
        self.moved_ms = self.since_ms  # when it last sent or took something, or left
        self.earned_ms = self.since_ms  # when it last had moved enough of what it must,
        self.earned_bytes = 0  # and how much it had moved in all
        self.counted_in = 0  # bytes that the pool's counters have,
        self.counted_out = 0  # of those it has sent and taken
        self.parting_bytes = 0  # received when it began to leave
        self.worked_us = 0  # on its answers, since the others had their turn

    # What it asks for.

    def say(self, reply: Slab) -> None:
        """Answer the next request here; the reply still waits for its turn.

        Who asks for much of that is heard again when it is sent, others meanwhile.
        """
        self.counters.add(slot.LOCAL_ANSWERS, 1)
        finish(self.ask(slot.LOCAL_TIMES), reply, 0, reply.used, False)
        pending = self.outbox.pending
        if pending > STALLED_BYTES or pending + self.parked > self.output_limit:
            self.pause(reason.OUTPUT)

    def work(self, took_us: int) -> None:
        """Count the time that an answer took here; after much the others come first.

        What it asks for may be little work to send, or nothing: only time tells.
        """
        self.worked_us += took_us
        if self.worked_us > TURN_US:
            self.worked_us = 0
            self.pause(reason.TURN)
            self.reactor.call_at(self.reactor.now_ms, self.go_on)

    def go_on(self) -> None:
        """Hear it again, in the next tick: the others had their turn."""
        self.resume(reason.TURN)

    def refuse(self, reply: Slab) -> None:
        """Answer the next request with an error of our own."""
        fail(self.ask(slot.LOCAL_TIMES), reply)

    def flush(self) -> None:
        """Send replies; in a crowd, together with those that are soon to follow."""
        if self.awaits_more():
            self.reactor.hold(self)
        else:
            Connection.flush(self)

    def awaits_more(self) -> bool:
        """Tell whether the replies to send now had better wait for the next ones."""
        return (
            self.in_turns
            and self.head is not None
            and 0 < self.outbox.pending < HELD_BYTES
            and not self.paused
            and not self.blocked
            and self.reactor.is_busy()
        )

    def send_held(self) -> None:
        """Send the replies that have waited for others."""
        Connection.flush(self)

    # Events.

    def may_skip(self, slab: Slab, at: int) -> bool:
        """Tell whether nobody needs to see the rest of the unfinished request."""
        return self.scanner is not None and self.protocol.passes_request(self, slab, at)

    def consume(self, slab: Slab, start: int, end: int) -> int:
        """Route every whole request; hear out who is leaving."""
        if self.leaving:
            if self.bytes_in - self.parting_bytes > PARTING_BYTES:
                self.pause(reason.FINISHED)
            return end
        self.in_turns = self.head is None
        try:
            return self.protocol.requests(self, slab, start, end)
        except ProtocolError as error:
            self.protocol.on_bad_request(self, slab, start, end, str(error))
            return end

    def held(self) -> int:
        """Return how many bytes are kept for this client, its next replies included."""
        return Connection.held(self) + self.parked

    def on_eof(self) -> None:
        """Answer what is owed, then close; half of a request is dropped."""
        self.backlog = None
        self.reactor.poller.want(self.fd, False, self.blocked)
        if self.is_idle():
            self.end()

    def on_broken(self, error: int) -> None:
        """Close at once; what is under way will be swallowed."""
        if self.leaving:
            self.end()
        else:
            self.close(error)

    def on_flushed(self) -> None:
        """Go on reading if a full outbox was the reason not to; close when done."""
        if self.paused & reason.OUTPUT:
            self.resume(reason.OUTPUT)
        ends = self.eof or self.draining or self.paused & reason.FINISHED
        if not ends or self.leaving or not self.is_idle():
            return
        if self.eof:
            self.end()
        elif self.paused & reason.FINISHED:
            self.leave()
        else:
            self.reactor.read_later(self)  # see whether more has arrived

    def on_dry(self) -> None:
        """Nothing more has arrived: that ends a drain."""
        if self.draining and not self.leaving and self.is_idle():
            self.close(0)

    def settle(self) -> None:
        """Keep nothing in the shared slab; read no more when much is waiting."""
        self.outbox.settle()
        if self.blocked and self.outbox.pending >= STALLED_BYTES:
            self.pause(reason.OUTPUT)

    def pause(self, why: int) -> None:
        """Stop reading, and show it."""
        if not self.paused & reason.THROTTLED and why & reason.THROTTLED:
            self.process.block.add(slot.PAUSED_CLIENTS, 1)
        Connection.pause(self, why)

    def resume(self, why: int) -> None:
        """Go on reading if this was the last reason not to, and show it."""
        was_throttled = self.paused & reason.THROTTLED
        Connection.resume(self, why)
        if was_throttled and not self.paused & reason.THROTTLED:
            self.process.block.add(slot.PAUSED_CLIENTS, -1)

    def is_idle(self) -> bool:
        """Nothing asked, nothing to send."""
        return self.head is None and self.outbox.pending == 0

    def catch_up(self) -> None:
        """Hear no more before all that is under way is answered."""
        if self.head is not None:
            self.pause(reason.HANDSHAKE)

    def finish_reading(self) -> None:
        """Take no more requests; close once everything is answered."""
        self.pause(reason.FINISHED)
        self.reactor.flush_later(self)

    def drain(self) -> None:
        """Answer all that has arrived; close once there is no more of it."""
        self.draining = True
        self.thorough = True
        self.reactor.flush_later(self)

    def leave(self) -> None:
        """Close for our part, and hear the client out for a while.

        To close with bytes unread would reset the connection, and a reset destroys
        the replies that are still on their way. It is no connection of ours any more,
        so the counters have it as closed.
        """
        self.count_out(errno.EINVAL if self.broken else 0)
        self.leaving = True
        self.process.leaving.add(self)
        self.moved_ms = self.reactor.now_ms
        self.parting_bytes = self.bytes_in
        self.backlog = None
        self.unconsumed = False
        shut_writing(self.fd)
        self.resume(reason.FINISHED)

    def end(self) -> None:
        """Close a client that has had all its replies."""
        self.close(errno.EINVAL if self.broken else 0)

    def close(self, error: int) -> None:
        """Close now; `error` 0 means that nothing went wrong."""
        if self.fd < 0:
            return
        if not self.leaving:
            self.count_out(error)
        self.count_bytes()
        self.counters.add(slot.ABANDONED, self.in_flight)
        if log.wants(log.NOTICE):
            self.log_close("c", self.peer, error)
        if self.owner is not None:
            self.owner.pop(self, None)
        if self.leaving:
            self.process.leaving.discard(self)
        if self.paused & reason.THROTTLED:
            self.process.block.add(slot.PAUSED_CLIENTS, -1)
            self.paused &= ~reason.THROTTLED  # a server may still call `resume`
        self.process.clients -= 1
        self.abandon()
        self.shut()
        self.scanner = None
        self.sticky = None

    def count_out(self, error: int) -> None:
        """Count a client that is done; `error` 0 means that nothing went wrong."""
        counters = self.counters
        counters.add(slot.CLIENT_ERR if error else slot.CLIENT_EOF, 1)
        counters.add(slot.CLIENT_CONNECTIONS, -1)
        self.process.on_closed()

    def count_bytes(self) -> bool:
        """Add what moved to the pool's counters; true if anything has since last."""
        fresh_in = self.bytes_in - self.counted_in
        fresh_out = self.bytes_out - self.counted_out
        if fresh_in == 0 and fresh_out == 0:
            return False
        self.counters.add(slot.CLIENT_BYTES_IN, fresh_in)
        self.counters.add(slot.CLIENT_BYTES_OUT, fresh_out)
        self.counted_in = self.bytes_in
        self.counted_out = self.bytes_out
        return True
