"""Servers and the connections to them: strictly first in, first out.

        asked, not yet answered, oldest first
    head -> request -> request -> request <- tail
            written ............ | unsent

A connection pairs the next response with the oldest request. Anything that makes
that pairing doubtful, a timeout, a malformed or an unasked response, ends the
connection and fails everything that waited on it.
"""

import errno
import os
from typing import Final

from twemproxy.log import INFO, NOTICE, Source
from twemproxy.net.reactor import Timer
from twemproxy.net.slab import Slab
from twemproxy.proxy import reason, state
from twemproxy.proxy.client import Client
from twemproxy.proxy.line import Line
from twemproxy.proxy.link import Link
from twemproxy.proxy.process import Process
from twemproxy.proxy.protocol import Protocol
from twemproxy.proxy.request import Request, fail_all, finish, is_gone, mark_sent
from twemproxy.stats import slot
from twemproxy.stats.counters import Block
from twemproxy.wire import expect

log: Final = Source(__name__)

FIRST_VALUE_BYTES: Final = 4096  # as long may values be when none has come yet
FADING: Final = 3  # a shift: each response takes an eighth off what is remembered


class Owner:
    """What a server connection reports to: its server."""

    __slots__ = ()

    def on_closed(self, conn: "ServerConnection", error: int) -> None:
        """The connection is gone, for this errno."""
        raise NotImplementedError

    def on_answer(self, taken_us: int) -> int:
        """A response came, for a client, after so long; return what is usual."""
        raise NotImplementedError

    def on_trouble(self) -> None:
        """A response told of a passing failure."""
        raise NotImplementedError


class ServerConnection(Link):
    """One connection to one server.

    Always true between two events:

    * the queue holds each request whose response has not come, in the order in
      which they were written or wait to be written;
    * the first `written` of them are written whole; `unsent` requests, with
      `unsent_bytes`, are not, and `quiet` ones of those expect no response;
    * `unwritten` is the first request with bytes in the outbox; `late` tells that the
      socket has refused some of them.
    """

    __slots__ = (
        "head",
        "joins",
        "last_words",
        "late",
        "line",
        "owner",
        "paired_bytes",
        "protocol",
        "quiet",
        "quiet_bytes",
        "resp3",
        "retiring",
        "tail",
        "taken_us",
        "timer",
        "unsent",
        "unsent_bytes",
        "unwritten",
        "value_bytes",
        "waiters",
        "written",
    )

    def __init__(
        self, process: Process, owner: Owner, protocol: Protocol, counters: Block
    ) -> None:
        Link.__init__(self, process, counters)
        self.owner = owner
        self.protocol = protocol
        self.last_words: Slab | None = None  # the reply to all who wait at its end
        self.head: Request | None = None
        self.tail: Request | None = None
        self.unwritten: Request | None = None
        self.late = True
        self.written = 0
        self.unsent = 0
        self.unsent_bytes = 0
        self.paired_bytes = 0  # of what is sent, up to the last request answered
        self.quiet = 0
        self.quiet_bytes = 0
        self.taken_us = 0  # when the oldest came, or the server last took something
        self.joins = True  # requests may share lines,
        self.line: Line | None = None  # of which this is the last,
        self.value_bytes = FIRST_VALUE_BYTES  # as long as the longest of late, about
        self.resp3 = False  # its responses have the newer Redis types
        self.retiring = False  # closes when it owes nothing
        self.timer: Timer | None = None  # will look at what is owed
        self.waiters: list[Client] = []  # clients paused until the outbox drains
        process.on_opened()

    # The way in.

    def expect(self, request: Request, length: int) -> None:
        """Append a request whose bytes, counted as `length`, are in the outbox."""
        request.length = length
        request.upto = self.bytes_out + self.outbox.pending
        self.reactor.under_way += 1
        self.reactor.count_moved(self.is_heavy(request))
        if self.tail is None:
            self.head = request
        else:
            self.tail.next_sent = request
        self.tail = request
        if self.unwritten is None:
            self.unwritten = request
        self.count_in(length, request.expects < expect.OWN)
        if request.trace is not None:
            request.trace.server = self.address
        if self.timeout_ms and self.timer is None:
            self.arm(request.started_us)

    def send_quietly(self, length: int) -> None:
        """Account for a request that gets no response."""
        if not self.quiet:
            self.taken_us = self.reactor.now_us
        self.quiet += 1
        self.quiet_bytes += length
        self.count_in(length, True)
        if self.timeout_ms and self.timer is None:
            self.arm(self.taken_us)

    def count_in(self, length: int, asked: bool) -> None:
        """Count a request that came into the queue; our own are not `asked`."""
        self.unsent += 1
        self.unsent_bytes += length
        counters = self.counters
        if asked and self.state != state.RESOLVING:
            counters.add_two(slot.REQUESTS, 1, length)
        counters.add_two(slot.IN_QUEUE, 1, length)

    def hold_back(self, client: Client) -> None:
        """Read no more from a client, for too much waits to be sent here."""
        client.pause(reason.SERVER)
        self.waiters.append(client)

    def release(self) -> None:
        """Read again from the clients that were held back."""
        waiters = self.waiters
        self.waiters = []
        for client in waiters:
            client.resume(reason.SERVER)

    def is_heavy(self, request: Request) -> bool:
        """Tell whether it takes few of its kind to make a batch large enough.

        So it is with parts of split requests. Where they share lines, however, every
        further one makes those longer.
        """
        return request.whole is not None and self.line is None

    # The way out.

    def answer(self, slab: Slab, start: int, end: int, verdict: int) -> None:
        """Pair the oldest request with the response slab[start:end].

        The `verdict` is FINE, ERROR or TROUBLE of `expect`.
        """
        request = self.head
        if request is None:
            return
        self.paired_bytes = request.upto
        self.head = request.next_sent
        self.reactor.under_way -= 1
        self.reactor.count_moved(self.is_heavy(request))
        request.next_sent = None
        if self.head is None:
            self.tail = None
        counters = self.counters
        if self.written:
            self.written -= 1
            counters.add_two(slot.OUT_QUEUE, -1, -request.length)
        else:
            self.unsent -= 1
            self.unsent_bytes -= request.length
            counters.add_two(slot.IN_QUEUE, -1, -request.length)
            if request is self.unwritten:  # answered before all of it was written
                self.unwritten = self.head
        if is_gone(request):
            counters.add(slot.SWALLOWED, 1)
        else:
            taken_us = self.reactor.now_us - request.sent_us
            counters.observe(slot.SERVER_TIMES, taken_us)
            if request.trace is not None:
                request.trace.answer(self.reactor.now_us, request.sent_us, self.address)
            counters.add_two(slot.RESPONSES, 1, slab.weigh(start, end))
            if verdict == expect.TROUBLE:
                self.owner.on_trouble()
            else:
                self.reactor.learn_wait(self.owner.on_answer(taken_us))
            finish(request, slab, start, end, verdict != expect.FINE)
        if self.retiring:
            self.retire()

    def learn_length(self, length: int) -> None:
        """Take down how long the values of a response were, on average; none is short.

        A long one is remembered for a while: that the next is short, or missing, does
        not tell that those behind it are.
        """
        self.value_bytes = max(length, self.value_bytes - (self.value_bytes >> FADING))

    def on_flushed(self) -> None:
        """Everything is written: what was in the incoming queue is outgoing now."""
        if self.unsent:
            counters = self.counters
            first = self.unwritten
            if self.late or first is None or first.started_us != self.reactor.now_us:
                self.mark_written()
            else:
                counters.observe_none(slot.QUEUE_TIMES, self.unsent - self.quiet)
                self.unwritten = None
            counters.add_two(slot.IN_QUEUE, -self.unsent, -self.unsent_bytes)
            sent = self.unsent - self.quiet
            sent_bytes = self.unsent_bytes - self.quiet_bytes
            counters.add_two(slot.OUT_QUEUE, sent, sent_bytes)
            self.written += sent
            self.unsent = self.unsent_bytes = self.quiet = self.quiet_bytes = 0
        self.late = False
        if self.waiters:
            self.release()
        if self.retiring:
            self.retire()

    def block(self) -> None:
        """Wait until the socket is writable; what it did not take is late."""
        Link.block(self)
        self.late = True
        self.taken_us = self.reactor.now_us
        self.mark_written()

    def mark_written(self) -> None:
        """Take down when the requests were written of which nothing is left."""
        self.unwritten = mark_sent(
            self.unwritten, self.bytes_out, self.reactor.now_us, self.counters
        )

    def may_skip(self, slab: Slab, at: int) -> bool:
        """Tell whether nobody needs to see the rest of the unfinished response."""
        return self.scanner is not None and self.protocol.passes_response(self)

    def consume(self, slab: Slab, start: int, end: int) -> int:
        """Pair every whole response with its request."""
        return self.protocol.responses(self, slab, start, end)

    # Its life.

    def count_resolved(self) -> None:
        """Count what was asked before the server had an address."""
        counters = self.counters
        counters.add_two(slot.REQUESTS, self.quiet, self.quiet_bytes)
        request = self.head
        while request is not None:
            if request.expects < expect.OWN:
                counters.add_two(slot.REQUESTS, 1, request.length)
            request = request.next_sent

    def owed_since_us(self) -> int:
        """Return since when the server has owed us something, -1 if it does not.

        It must answer the oldest request, and take those that get no response.
        """
        if self.head is not None:
            return self.head.started_us
        return self.taken_us if self.quiet else -1

    def retime(self, timeout_ms: int) -> None:
        """Wait so long from now on, also for what is owed already."""
        self.timeout_ms = timeout_ms
        since_us = self.owed_since_us()
        self.disarm()  # it may be too late, for the next request too
        if timeout_ms and since_us >= 0:
            self.arm(since_us)

    def arm(self, since_us: int) -> None:
        """Have it looked at in time what is owed since then."""
        due_ms = max(since_us // 1000 + self.timeout_ms, self.reactor.now_ms) + 1
        self.timer = self.reactor.call_at(due_ms, self.on_clock)

    def disarm(self) -> None:
        """Have nothing looked at; a timer that may run for long forgets us."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def on_clock(self) -> None:
        """Time out when something has been owed for long enough."""
        self.timer = None
        since_us = self.owed_since_us()
        if since_us < 0:
            return
        if since_us // 1000 + self.timeout_ms > self.reactor.now_ms:
            self.arm(since_us)
        elif self.takes_some():
            self.retime(self.timeout_ms)
        else:
            log.info("req on s %d timedout", self.fd)
            self.close(errno.ETIMEDOUT)

    def takes_some(self) -> bool:
        """Tell whether a server that owes no response takes more of what we send.

        That it does the poller tells only when much of the socket's room is free.
        """
        if self.head is not None or self.state != state.READY:
            return False
        before = self.bytes_out
        self.blocked = False
        self.flush()
        return self.bytes_out > before

    def is_for_more(self) -> bool:
        """Tell whether more may be asked here."""
        return self.state != state.CLOSED and not self.retiring

    def retire(self) -> None:
        """Close as soon as everything that was asked here is answered."""
        self.retiring = True
        if self.head is None and self.outbox.pending == 0:
            self.close(0)

    def on_eof(self) -> None:
        """The server has closed in an orderly way."""
        log.info("s %d active %d is done", self.fd, self.head is not None)
        self.close(errno.ECONNRESET)

    def on_broken(self, error: int) -> None:
        """The socket failed."""
        self.close(error)

    def close(self, error: int) -> None:
        """End the connection and fail everything that waits on it."""
        if self.state == state.CLOSED:
            return
        counters = self.counters
        if self.state == state.READY:
            counters.add(slot.SERVER_CONNECTIONS, -1)
        self.state = state.CLOSED
        if self.eof:
            counters.add(slot.SERVER_EOF, 1)
        elif error == errno.ETIMEDOUT:
            counters.add(slot.SERVER_TIMEDOUT, 1)
        elif error:
            counters.add(slot.SERVER_ERR, 1)
        if log.wants(NOTICE):
            self.log_close("s", self.address, error)
        self.process.on_closed()
        self.empty_queues()
        self.owner.on_closed(self, error)
        if self.head is not None and log.wants(INFO):
            text = os.strerror(error)
            log.info("close s %d schedule error for its requests: %s", self.fd, text)
        self.shut()
        self.disarm()
        self.fail_all(error)
        self.release()

    def empty_queues(self) -> None:
        """Take all that waits out of the gauges."""
        counters = self.counters
        written_bytes = self.quiet_bytes - self.unsent_bytes
        request = self.head
        while request is not None:
            written_bytes += request.length
            request = request.next_sent
        counters.add_two(slot.IN_QUEUE, -self.unsent, -self.unsent_bytes)
        counters.add_two(slot.OUT_QUEUE, -self.written, -written_bytes)
        self.written = 0
        self.unsent = self.unsent_bytes = self.quiet = self.quiet_bytes = 0

    def fail_all(self, error: int) -> None:
        """Give everybody who waits the same error."""
        request = self.head
        self.head = None
        self.tail = None
        self.unwritten = None
        if request is None:
            return
        reply = self.last_words or self.protocol.error(error)
        self.reactor.under_way -= fail_all(request, reply, self.bytes_out)
