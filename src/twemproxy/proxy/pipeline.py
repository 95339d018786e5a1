"""Pipelines: replies leave in the order of the questions, whatever finishes first.

A client may ask for more before it has its replies, as much as its window allows. That
grows while its replies turn out small, and shrinks at a long one.
"""

from typing import Final

from twemproxy import limits
from twemproxy.net.dial import peer_name
from twemproxy.net.slab import Slab
from twemproxy.proxy import reason, silence
from twemproxy.proxy.connection import Connection
from twemproxy.proxy.process import Process
from twemproxy.proxy.protocol import Protocol
from twemproxy.proxy.request import Asker, Request, request_of
from twemproxy.stats import slot
from twemproxy.stats.counters import Block
from twemproxy.stats.slowlog import MAX_NOTE_BYTES, Trace

FIRST_WINDOW: Final = limits.FIRST_WINDOW
MAX_WINDOW: Final = limits.MAX_WINDOW
MAX_CLIENT_OUTPUT_BYTES: Final = limits.MAX_CLIENT_OUTPUT_BYTES


class Pipeline(Asker):
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
        "big_reply",
        "in_flight",
        "max_window",
        "output_limit",
        "protocol",
        "silence",
        "sticky",
        "window",
    )

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
        self.max_window = MAX_WINDOW
        self.output_limit = MAX_CLIENT_OUTPUT_BYTES
        self.big_reply = MAX_CLIENT_OUTPUT_BYTES // FIRST_WINDOW  # the longest of late
        self.sticky: dict[object, object] | None = None  # connections, by server
        self.silence = silence.LOUD  # or NEXT or ALL: which requests get no reply
        self.parked = 0  # bytes of replies that wait for their turn

    def restrict(self, window: int, output_bytes: int) -> None:
        """Set how much may be under way, and how much unread; what is now may be."""
        self.max_window = window
        self.window = min(self.window, window)
        self.output_limit = output_bytes
        self.big_reply = min(self.big_reply, output_bytes // self.window)

    def ask(self, times: int) -> Request:
        """Append a new request to the queue; its time goes to the histogram `times`."""
        request = request_of(self, None, self.reactor.now_us)
        request.times = times
        if self.protocol.slow_us:
            request.trace = Trace()
        if self.tail is None:
            self.head = request
            self.reactor.askers += 1
        else:
            self.tail.next_asked = request
        self.tail = request
        self.in_flight += 1
        if self.silence:
            request.silent = True
            if self.silence == silence.NEXT:
                self.silence = silence.LOUD
        self.counters.add(slot.CLIENT_REQUESTS, 1)
        return request

    def ask_nothing(self) -> None:
        """Take an empty request; Redis, too, counts it as the next one."""
        self.silence &= ~silence.NEXT

    def deliver(self, request: Request, slab: Slab, start: int, end: int) -> None:
        """Send the reply of the oldest request, and of those answered after it."""
        self.take_head()
        if request.silent:
            end = start
        self.on_reply(request, slab.weigh(start, end))
        self.outbox.add(slab, start, end)
        self.send_later()
        if self.head is not None and self.head.answered:
            self.advance()

    def take_head(self) -> None:
        """Unlink the oldest request."""
        head = self.head
        if head is None:
            return
        self.head = head.next_asked
        head.next_asked = None
        if self.head is None:
            self.reactor.askers -= 1
            self.tail = None
            self.sticky = None
            if self.paused & reason.HANDSHAKE:
                self.resume(reason.HANDSHAKE)
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
        if request.failed:
            self.counters.add(slot.CLIENT_ERRORS, 1)
            self.counters.add(slot.FORWARD_ERROR, 1)
        else:
            self.counters.add(slot.CLIENT_RESPONSES, 1)
        taken_us = self.reactor.now_us - request.started_us
        self.counters.observe(request.times, taken_us)
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
        """Send the replies of the oldest requests as far as they are answered."""
        self.move_answered()
        self.send_later()

    def move_answered(self) -> None:
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
            self.parked -= request.parked
            self.on_reply(request, self.outbox.pending - before)
            request = self.head

    def abandon(self) -> None:
        """Leave the requests to their servers; unlinked in a loop."""
        request = self.head
        if request is not None:
            self.reactor.askers -= 1
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
