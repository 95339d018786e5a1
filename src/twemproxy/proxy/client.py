"""Clients and their requests: replies leave in the order of the questions.

            in flight, oldest first
    head -> request -> request -> request <- tail
              |           |          |
              answered?   parked     a split one waits for its fragments

A request is one object linked into two queues: its client's, until its reply is
in the outbox, and its server connection's, until the reply has come.
"""

import errno
from typing import Any, Final

from twemproxy import limits, log
from twemproxy.net.dial import peer_name
from twemproxy.net.slab import Slab
from twemproxy.proxy import reason
from twemproxy.proxy.connection import Connection
from twemproxy.proxy.process import Process
from twemproxy.proxy.protocol import Protocol
from twemproxy.stats import slot
from twemproxy.stats.counters import Block
from twemproxy.stats.slowlog import MAX_NOTE_BYTES, Trace

FIRST_WINDOW: Final = limits.FIRST_WINDOW
MAX_WINDOW: Final = limits.MAX_WINDOW
MAX_CLIENT_OUTPUT_BYTES: Final = limits.MAX_CLIENT_OUTPUT_BYTES
STALLED_BYTES: Final = 65536  # this much unsent stops the reading of a client


class Request:
    """A promise of one reply, or of one fragment of it.

    `client` is None once the client has left, and always for what the proxy asks
    on its own account. A fragment points to the `whole` it is a part of.
    """

    __slots__ = (
        "answered",
        "client",
        "end",
        "expects",
        "failed",
        "gather",
        "length",
        "next_asked",
        "next_sent",
        "reply",
        "silent",
        "start",
        "started_us",
        "trace",
        "upto",
        "wanted",
        "whole",
    )

    client: "Client | None"
    whole: "Request | None"
    next_asked: "Request | None"
    next_sent: "Request | None"
    gather: "Gather | None"
    reply: Slab | None
    start: int
    end: int
    length: int  # bytes sent to the server, as the C program counts them
    upto: int  # bytes sent over the server connection with its last one
    started_us: int
    trace: Trace | None  # where its time goes, in a pool with a slow log
    expects: int  # what a reply may be, in the protocol's own numbers
    wanted: int  # how many values a fragment must bring
    answered: bool
    failed: bool  # its reply is an error because forwarding failed
    silent: bool  # the client wants no reply


class Gather:
    """What a split request needs to become one reply again."""

    __slots__ = ("failed", "pending")

    failed: Request | None

    def __init__(self) -> None:
        self.pending = 0  # fragments not yet answered
        self.failed = None  # the fragment whose error speaks for all

    def merge(self, client: "Client") -> None:
        """Put the one reply into the client's outbox."""
        raise NotImplementedError

    def conclude(self, client: "Client") -> None:
        """Merge, or let the fragment that failed speak for all."""
        failed = self.failed
        if failed is None:
            self.merge(client)
        elif failed.reply is not None:
            client.outbox.add(failed.reply, failed.start, failed.end)


def request_of(client: "Client | None", whole: Request | None, now_us: int) -> Request:
    """Return a request that nobody has been asked yet."""
    request = Request.__new__(Request)
    request.client = client
    request.whole = whole
    request.next_asked = None
    request.next_sent = None
    request.gather = None
    request.reply = None
    request.start = 0
    request.end = 0
    request.length = 0
    request.upto = 0
    request.started_us = now_us
    request.trace = None if whole is None else whole.trace
    request.expects = 0
    request.wanted = 0
    request.answered = False
    request.failed = False
    request.silent = False
    return request


def is_gone(request: Request) -> bool:
    """Nobody waits for the reply any more."""
    return request.client is None or (
        request.whole is not None and request.whole.client is None
    )


def finish(request: Request, slab: Slab, start: int, end: int, bad: bool) -> None:
    """Let slab[start:end] be the reply; it leaves when its turn comes.

    The first `bad` one, an error, speaks for the whole that it is a fragment of.
    """
    client = request.client
    if client is None or is_gone(request):
        return
    if request.whole is None and client.head is request:
        client.take_head()
        if request.silent:
            end = start
        client.outbox.add(slab, start, end)
        client.on_reply(request, end - start)
        client.send_later()
        if client.head is not None and client.head.answered:
            client.advance()
        return
    if slab.shared:
        length = end - start
        slab = client.process.park(slab, start, end)
        end = slab.used
        start = end - length
    request.reply = slab
    request.start = start
    request.end = end
    request.answered = True
    client.parked += end - start
    if request.whole is not None:
        finish_fragment(request, request.whole, bad)


def finish_fragment(fragment: Request, whole: Request, bad: bool) -> None:
    """One fragment more is answered; after the last one the whole is, too."""
    gather = whole.gather
    if gather is None:
        return
    if bad and gather.failed is None:
        gather.failed = fragment
        mark_failed(whole)
    gather.pending -= 1
    if gather.pending == 0:
        whole.answered = True
        client = whole.client
        if client is not None and client.head is whole:
            client.advance()


def fail(request: Request, reply: Slab) -> None:
    """Let an error of our own making be the reply."""
    if request.whole is None:
        mark_failed(request)
    finish(request, reply, 0, reply.used, True)


def mark_failed(request: Request) -> None:
    """Count a request whose reply is an error because forwarding failed."""
    request.failed = True
    if request.client is not None:
        request.client.counters.add(slot.FORWARD_ERROR, 1)


class Client(Connection):
    """Keeps one client's pipeline in order.

    Always true between two events:

    * the queue holds each request from the moment it is parsed until its reply
      is in the outbox, and only the head's reply may go there, however early
      another is ready;
    * `in_flight` is the length of the queue and at most `window`;
    * a request outlives its client: the server will answer anyway, and that
      answer must be taken off the wire before the next one can be paired.
    """

    __slots__ = (
        "authenticated",
        "big_reply",
        "broken",
        "counters",
        "draining",
        "head",
        "in_flight",
        "max_window",
        "moved_bytes",
        "moved_ms",
        "number",
        "output_limit",
        "owner",
        "parked",
        "peer",
        "protocol",
        "resp3",
        "scanner",
        "session",
        "silence",
        "since_ms",
        "sticky",
        "tail",
        "window",
    )

    head: Request | None
    tail: Request | None

    def __init__(
        self, process: Process, fd: int, protocol: Protocol, counters: Block
    ) -> None:
        Connection.__init__(self, process, fd, 1)
        self.protocol = protocol
        self.counters = counters
        self.head = None
        self.tail = None
        self.in_flight = 0
        self.window = FIRST_WINDOW
        self.big_reply = MAX_CLIENT_OUTPUT_BYTES // FIRST_WINDOW
        self.scanner: Any = None  # of an unfinished request
        self.sticky: dict[int, object] | None = None  # server connections in use
        self.owner: set[Client] | None = None  # the clients of the pool
        self.authenticated = False
        self.draining = False  # closes when nothing is owed and nothing has come
        self.broken = False  # what it sent was not the protocol
        self.resp3 = False  # it speaks the newer Redis protocol
        self.silence = 0  # LOUD, NEXT or ALL: which of its requests get no reply
        self.session: object = None  # what a Redis client has told about itself
        self.peer = ""
        self.number = process.number()
        self.since_ms = self.reactor.now_ms
        self.parked = 0  # bytes of replies that wait for their turn, about
        self.max_window = MAX_WINDOW
        self.output_limit = MAX_CLIENT_OUTPUT_BYTES
        self.moved_ms = self.since_ms  # when it last sent or took something,
        self.moved_bytes = 0  # by this count of both

    def restrict(self, window: int, output_bytes: int) -> None:
        """Set how much may be under way, and how much unread, for this client."""
        self.max_window = window
        self.window = min(FIRST_WINDOW, window)
        self.output_limit = output_bytes
        self.big_reply = output_bytes // self.window

    # Requests.

    def ask(self) -> Request:
        """Append a new request to the queue."""
        request = request_of(self, None, self.reactor.now_us)
        if self.protocol.slow_us:
            request.trace = Trace()
        if self.tail is None:
            self.head = request
        else:
            self.tail.next_asked = request
        self.tail = request
        self.in_flight += 1
        if self.silence:
            request.silent = True
            if self.silence == reason.NEXT:
                self.silence = reason.LOUD
        self.counters.add(slot.CLIENT_REQUESTS, 1)
        return request

    def say(self, reply: Slab) -> None:
        """Answer the next request here; the reply still waits for its turn."""
        self.counters.add(slot.LOCAL_ANSWERS, 1)
        finish(self.ask(), reply, 0, reply.used, False)
        if self.outbox.pending + self.parked > self.output_limit:
            self.pause(reason.OUTPUT)

    def refuse(self, reply: Slab) -> None:
        """Answer the next request with an error of our own."""
        fail(self.ask(), reply)

    def take_head(self) -> None:
        """Unlink the oldest request."""
        head = self.head
        if head is None:
            return
        self.head = head.next_asked
        head.next_asked = None
        if self.head is None:
            self.tail = None
            self.sticky = None
            self.parked = 0
        self.in_flight -= 1
        if self.paused & reason.IN_FLIGHT and self.in_flight <= self.window >> 1:
            self.widen()
            self.resume(reason.IN_FLIGHT)

    def widen(self) -> None:
        """Allow more in flight to a client that used all it was allowed."""
        room = self.window * self.big_reply <= self.output_limit
        if room and not self.blocked and self.window < self.max_window:
            self.window = min(2 * self.window, self.max_window)
            self.big_reply = self.output_limit // self.window

    def on_reply(self, request: Request, length: int) -> None:
        """Account for a reply that is in the outbox now."""
        number = slot.CLIENT_ERRORS if request.failed else slot.CLIENT_RESPONSES
        self.counters.add(number, 1)
        taken_us = self.reactor.now_us - request.started_us
        self.counters.observe(taken_us)
        if request.trace is not None and taken_us > self.protocol.slow_us:
            self.on_slow(request)
        if length > self.big_reply:
            self.window = max(1, min(self.window, self.output_limit // length))
            self.big_reply = length

    def on_slow(self, request: Request) -> None:
        """Take down a request that took longer than its pool likes."""
        tracer = self.protocol.tracer
        if tracer is not None and request.trace is not None:
            now_us = self.reactor.now_us
            tracer.take(request.trace, request.started_us, now_us, peer_name(self.fd))

    def note(self, slab: Slab, start: int, end: int) -> None:
        """Remember how the request in slab[start:end], just routed, begins."""
        tail = self.tail
        if tail is not None and tail.trace is not None and not tail.trace.note:
            end = min(end, start + MAX_NOTE_BYTES)
            tail.trace.note = bytes(slab.buf[start:end])

    def advance(self) -> None:
        """Move answered requests, oldest first, from the queue to the outbox."""
        request = self.head
        while request is not None and request.answered:
            self.take_head()
            before = self.outbox.pending
            gather = request.gather
            if request.silent:
                pass
            elif gather is None:
                if request.reply is not None:
                    self.outbox.add(request.reply, request.start, request.end)
            else:
                gather.conclude(self)
            request.reply = None
            request.gather = None
            length = self.outbox.pending - before
            if self.parked > length:
                self.parked -= length
            self.on_reply(request, length)
            request = self.head
        self.send_later()

    # Events.

    def expected(self) -> int:
        """Return how long the unfinished request is at least."""
        return 0 if self.scanner is None else self.scanner.need

    def consume(self, slab: Slab, start: int, end: int) -> int:
        """Route every whole request."""
        return self.protocol.requests(self, slab, start, end)

    def held(self) -> int:
        """Return how many bytes are kept for this client, its next replies included."""
        return Connection.held(self) + self.parked

    def on_eof(self) -> None:
        """Answer what is owed, then close; half of a request is dropped."""
        self.backlog = None
        self.reactor.poller.want(self.fd, False, self.blocked)
        if self.is_idle():
            self.close(0)

    def on_broken(self, error: int) -> None:
        """Close at once; what is under way will be swallowed."""
        self.close(error)

    def on_flushed(self) -> None:
        """Go on reading if a full outbox was the reason not to; close when done."""
        if self.paused & reason.OUTPUT:
            self.resume(reason.OUTPUT)
        ends = self.eof or self.draining or self.paused & reason.FINISHED
        if not ends or not self.is_idle():
            return
        if self.eof or self.paused & reason.FINISHED:
            self.close(errno.EINVAL if self.broken else 0)
        else:
            self.reactor.read_later(self)  # see whether more has arrived

    def on_dry(self) -> None:
        """Nothing more has arrived: that ends a drain."""
        if self.draining and self.is_idle():
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

    def finish_reading(self) -> None:
        """Take no more requests; close once everything is answered."""
        self.pause(reason.FINISHED)
        self.reactor.flush_later(self)

    def drain(self) -> None:
        """Answer all that has arrived; close once there is no more of it."""
        self.draining = True
        self.reactor.flush_later(self)

    def close(self, error: int) -> None:
        """Close now; `error` 0 means that nothing went wrong."""
        if self.fd < 0:
            return
        counters = self.counters
        if error == 0:
            counters.add(slot.CLIENT_EOF, 1)
        else:
            counters.add(slot.CLIENT_ERR, 1)
        counters.add(slot.CLIENT_CONNECTIONS, -1)
        counters.add(slot.CLIENT_BYTES_IN, self.bytes_in)
        counters.add(slot.CLIENT_BYTES_OUT, self.bytes_out)
        counters.add(slot.ABANDONED, self.in_flight)
        if log.wants(log.NOTICE):
            self.log_close("c", self.peer, error)
        if self.owner is not None:
            self.owner.discard(self)
        if self.paused & reason.THROTTLED:
            self.process.block.add(slot.PAUSED_CLIENTS, -1)
            self.paused &= ~reason.THROTTLED  # a server may still call `resume`
        self.process.clients -= 1
        self.process.on_closed()
        self.abandon()
        self.shut()
        self.scanner = None
        self.sticky = None

    def abandon(self) -> None:
        """Leave the requests to their servers; unlinked in a loop."""
        request = self.head
        self.head = None
        self.tail = None
        self.in_flight = 0
        while request is not None:
            following = request.next_asked
            request.next_asked = None
            request.client = None
            request.reply = None
            request.gather = None
            request = following
