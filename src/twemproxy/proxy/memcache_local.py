"""What the proxy answers to memcached clients by itself, or asks all servers. Cold."""

from collections.abc import Callable

from twemproxy import limits
from twemproxy.net.slab import holding
from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.request import Asker, Gather, Request, fail, request_of
from twemproxy.stats import slot
from twemproxy.wire import rule
from twemproxy.wire.memcache import answers
from twemproxy.wire.memcache.commands import Command
from twemproxy.wire.memcache.rewrite import rewritten
from twemproxy.wire.memcache.stats import merged

Answer = Callable[[Client], None]


class Agreement(Gather):
    """One OK for all servers; an error of one speaks for all."""

    __slots__ = ()

    def merge(self, client: Asker) -> None:
        """Every server said OK."""
        client.outbox.say(answers.OK)


class Statistics(Gather):
    """The statistics of all servers, as if they were one."""

    __slots__ = ("fragments", "topic")

    def __init__(self, topic: bytes, fragments: list[Request]) -> None:
        Gather.__init__(self)
        self.topic = topic
        self.fragments = fragments

    def merge(self, client: Asker) -> None:
        """Put together what the servers said."""
        replies = [
            bytes(fragment.reply.buf[fragment.start : fragment.end])
            for fragment in self.fragments
            if fragment.reply is not None
        ]
        client.outbox.say(merged(self.topic, replies))


class LocalAnswers:
    """The answers of one pool."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.by_name: dict[bytes, Answer] = {b"mn": self.mn, b"quit": self.quit}

    def answer(
        self, client: Client, command: Command, words: list[bytes], quiet: bool
    ) -> None:
        """Act on one request."""
        answer = self.by_name.get(command.name)
        if answer is not None:
            answer(client)
        elif command.how == rule.FANOUT:
            self.ask_all(client, command, words, quiet)
        else:
            reason = command.reason or b"ask the servers"
            client.say(holding(answers.refused(command.name, reason)))

    def mn(self, client: Client) -> None:
        """Answer after everything else has been answered."""
        client.say(holding(answers.META_NOOP))

    def quit(self, client: Client) -> None:
        """Close once everything is answered; what follows is not looked at."""
        client.finish_reading()

    def ask_all(
        self, client: Client, command: Command, words: list[bytes], quiet: bool
    ) -> None:
        """Send one line to every live server."""
        self.pool.place_nothing()  # readmits servers whose time is over
        live = [server.index for server in self.pool.servers if not server.ejected]
        line = rewritten(command, words) + b"\r\n"
        self.pool.counters.add(slot.FRAGMENTS, len(live))
        if quiet:
            for index in live:
                self.tell(client, index, line)
        elif live:
            fragments = self.fragments(client, command, words, len(live))
            for index, fragment in zip(live, fragments, strict=True):
                self.ask(client, fragment, index, line)
        else:
            client.refuse(self.pool.refusal(-1))

    def fragments(
        self, client: Client, command: Command, words: list[bytes], count: int
    ) -> list[Request]:
        """Return the parts of a request, one for each server that is asked."""
        whole = client.ask()
        now_us = client.reactor.now_us
        fragments = [request_of(client, whole, now_us) for _ in range(count)]
        for fragment in fragments:
            fragment.expects = command.reply
        if command.merge == rule.STATISTICS:
            topic = words[1] if len(words) > 1 else b""
            whole.gather = Statistics(topic, fragments)
        else:
            whole.gather = Agreement()
        whole.gather.pending = count
        return fragments

    def tell(self, client: Client, index: int, line: bytes) -> None:
        """Send a line to a server that does not answer it."""
        conn = self.pool.connection(index, client)
        if conn is not None:
            conn.outbox.say(line)
            conn.send_quietly(len(line))
            conn.send_later()

    def ask(self, client: Client, fragment: Request, index: int, line: bytes) -> None:
        """Send a line to a server, or let the fragment fail."""
        conn = self.pool.connection(index, client)
        if conn is None:
            fail(fragment, self.pool.refusal(index))
            return
        conn.outbox.say(line)
        conn.expect(fragment, len(line))
        conn.send_later()
        if conn.outbox.pending > limits.MAX_SERVER_QUEUE_BYTES:
            conn.hold_back(client)
