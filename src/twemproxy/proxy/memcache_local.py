"""What the proxy answers to memcached clients by itself, or asks all servers. Cold."""

from collections.abc import Callable, Sequence

from twemproxy.net.slab import holding
from twemproxy.proxy.client import Client
from twemproxy.proxy.memcache_about import About
from twemproxy.proxy.memcache_fanout import Fanout
from twemproxy.proxy.pool import Pool
from twemproxy.wire import rule
from twemproxy.wire.memcache import answers
from twemproxy.wire.memcache.commands import Command
from twemproxy.wire.memcache.stats import SUBJECTS

Answer = Callable[[Client, Command, list[bytes]], None]


class LocalAnswers:
    """The answers of one pool."""

    def __init__(self, pool: Pool, asked: Sequence[int]) -> None:
        """Answer for `pool`; `asked` counts its requests by the rows of the table."""
        self.fanout = Fanout(pool)
        self.about = About(pool, asked)
        self.by_name: dict[bytes, Answer] = {
            b"mn": self.mn,
            b"quit": self.quit,
            b"stats": self.stats,
        }

    def answer(
        self, client: Client, command: Command, words: list[bytes], quiet: bool
    ) -> None:
        """Act on one request."""
        answer = self.by_name.get(command.name)
        if answer is not None:
            answer(client, command, words)
        elif command.how == rule.FANOUT:
            self.fanout.send(client, command, words, quiet)
        elif not quiet:
            client.say(holding(answers.refused(command.name, command.reason)))

    def mn(self, client: Client, command: Command, words: list[bytes]) -> None:
        """Answer after everything else has been answered."""
        client.say(holding(answers.META_NOOP))

    def quit(self, client: Client, command: Command, words: list[bytes]) -> None:
        """Close once everything is answered; what follows is not looked at."""
        client.finish_reading()

    def stats(self, client: Client, command: Command, words: list[bytes]) -> None:
        """Tell of the pool, or ask all servers about something of theirs."""
        if len(words) == 1:
            self.about.tell(client)
        elif words[1] in SUBJECTS:
            self.fanout.send(client, command, words, False)
        else:
            client.say(holding(answers.ERROR))
