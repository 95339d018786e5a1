"""What the proxy answers to memcached clients by itself, or asks all servers. Cold."""

from collections.abc import Callable

from twemproxy.net.slab import Slab, holding
from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.request import Asker, Gather, Request, fail, request_of
from twemproxy.stats import slot
from twemproxy.wire import rule
from twemproxy.wire.memcache import answers
from twemproxy.wire.memcache.commands import Command
from twemproxy.wire.memcache.rewrite import rewritten

Answer = Callable[[Client], None]


class Agreement(Gather):
    """One OK for all servers; an error of one speaks for all."""

    __slots__ = ()

    def merge(self, client: Asker) -> None:
        """Every server said OK."""
        client.outbox.say(answers.OK)


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
        """Send one line to every live server; all have to say OK."""
        line = rewritten(command, words) + b"\r\n"
        whole: Request | None = None
        if not quiet:
            whole = client.ask()
            whole.gather = Agreement()
        live = [server for server in self.pool.servers if not server.ejected]
        if whole is not None and whole.gather is not None:
            whole.gather.pending = len(live)
        failures: list[tuple[Request, Slab]] = []
        for server in live:
            conn = self.pool.connection(server.index, client)
            if conn is not None:
                conn.outbox.say(line)
                if whole is None:
                    conn.send_quietly(len(line))
                else:
                    conn.expect(self.fragment(client, whole, command), len(line))
                conn.send_later()
            elif whole is not None:
                fragment = self.fragment(client, whole, command)
                failures.append((fragment, self.pool.refusal(server.index)))
        self.pool.counters.add(slot.FRAGMENTS, len(live))
        for fragment, reply in failures:
            fail(fragment, reply)

    def fragment(self, client: Client, whole: Request, command: Command) -> Request:
        """Return the part of a request that one server is asked."""
        fragment = request_of(client, whole, client.reactor.now_us)
        fragment.expects = command.reply
        return fragment
