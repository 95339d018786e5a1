"""Requests: promises of one reply, and how each of them ends.

            in flight, oldest first
    head -> request -> request -> request <- tail
              |           |          |
              answered?   parked     a split one waits for its fragments

A request is one object linked into two queues: its client's, until its reply is
in the outbox, and its server connection's, until the reply has come.
"""

from twemproxy.net.slab import Slab
from twemproxy.proxy.connection import Connection
from twemproxy.stats import slot
from twemproxy.stats.counters import Block
from twemproxy.stats.slowlog import Trace
from twemproxy.wire import expect


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
        "joined",
        "length",
        "next_asked",
        "next_sent",
        "parked",
        "reply",
        "sent_us",
        "silent",
        "start",
        "started_us",
        "times",
        "trace",
        "upto",
        "wanted",
        "whole",
    )

    client: "Asker | None"
    whole: "Request | None"
    next_asked: "Request | None"
    next_sent: "Request | None"
    gather: "Gather | None"
    reply: Slab | None
    start: int
    end: int
    length: int  # bytes sent to the server, as the C program counts them
    parked: int  # bytes of its reply, or its fragments', that wait for their turn
    upto: int  # bytes sent over the server connection with its last one
    started_us: int
    sent_us: int  # when it was written to its server
    times: int  # the histogram of its class of commands
    trace: Trace | None  # where its time goes, in a pool with a slow log
    expects: int  # what a reply may be, in the protocol's own numbers
    wanted: int  # what a response must bring, in the protocol's own numbers
    answered: bool
    failed: bool  # its reply is an error because forwarding failed
    joined: bool  # its response is that to the request in front of it
    silent: bool  # the client wants no reply


class Gather:
    """What a split request needs to become one reply again."""

    __slots__ = ("failed", "pending")

    failed: Request | None

    def __init__(self) -> None:
        self.pending = 0  # fragments not yet answered
        self.failed = None  # the fragment whose error speaks for all

    def merge(self, client: "Asker") -> None:
        """Put the one reply into the client's outbox."""
        raise NotImplementedError

    def forgives(self) -> bool:
        """Tell whether the one reply is no error although a fragment failed."""
        return False

    def conclude(self, client: "Asker") -> None:
        """Merge, or let the fragment that failed speak for all."""
        failed = self.failed
        if failed is None:
            self.merge(client)
        elif failed.reply is not None:
            client.outbox.add(failed.reply, failed.start, failed.end)


class Asker(Connection):
    """What a request knows of its client: the queue, and that it moves on."""

    __slots__ = ("counters", "head", "parked", "tail")

    head: Request | None  # the oldest request
    tail: Request | None
    counters: Block  # of the pool
    parked: int  # bytes of replies that wait for their turn

    def deliver(self, request: Request, slab: Slab, start: int, end: int) -> None:
        """Send the reply of the oldest request, and of those answered after it."""
        raise NotImplementedError

    def advance(self) -> None:
        """Send the replies of the oldest requests as far as they are answered."""
        raise NotImplementedError


def request_of(client: "Asker | None", whole: Request | None, now_us: int) -> Request:
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
    request.parked = 0
    request.upto = 0
    request.started_us = now_us
    request.sent_us = now_us
    request.trace = None if whole is None else whole.trace
    request.expects = expect.ANYTHING
    request.wanted = 0
    request.answered = False
    request.failed = False
    request.joined = False
    request.silent = False
    return request


def mark_sent(
    request: Request | None, upto: int, now_us: int, counters: Block
) -> Request | None:
    """Take down that the bytes `upto` there are written by now, from `request` on.

    Returns the first request of which some are not.
    """
    while request is not None and request.upto <= upto:
        request.sent_us = now_us
        if request.expects < expect.OWN:
            counters.observe(slot.QUEUE_TIMES, now_us - request.started_us)
        request = request.next_sent
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
        client.deliver(request, slab, start, end)
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
    length = slab.weigh(start, end)
    client.parked += length
    whole = request.whole
    if whole is None:
        request.parked = length
    else:
        whole.parked += length
        finish_fragment(request, whole, bad)


def finish_fragment(fragment: Request, whole: Request, bad: bool) -> None:
    """One fragment more is answered; after the last one the whole is, too."""
    gather = whole.gather
    if gather is None:
        return
    if bad and gather.failed is None:
        gather.failed = fragment
    gather.pending -= 1
    if gather.pending == 0:
        if gather.failed is not None and not gather.forgives():
            whole.failed = True
        whole.answered = True
        client = whole.client
        if client is not None and client.head is whole:
            client.advance()


def fail(request: Request, reply: Slab) -> None:
    """Let an error of our own making be the reply."""
    if request.whole is None:
        request.failed = True
    finish(request, reply, 0, reply.used, True)


def fail_all(request: Request | None, reply: Slab, upto: int) -> int:
    """Let the same error be the reply to `request` and all behind it; count them.

    The bytes `upto` there were written. Unlinked in a loop: a chain would recurse.
    """
    count = 0
    while request is not None:
        following = request.next_sent
        request.next_sent = None
        if request.trace is not None and request.upto <= upto:
            request.trace.sent_us = request.sent_us
        fail(request, reply)
        request = following
        count += 1
    return count
