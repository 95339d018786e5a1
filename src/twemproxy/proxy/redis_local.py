"""What the proxy answers to Redis clients by itself. Cold: asked once a connection."""

import time

from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.redis_about import About
from twemproxy.proxy.redis_catalogue import Catalogue
from twemproxy.proxy.redis_handshake import Handshake
from twemproxy.proxy.redis_probe import Probe
from twemproxy.proxy.redis_session import Answer, ClientAnswers
from twemproxy.wire.redis import answers
from twemproxy.wire.redis.commands import Command
from twemproxy.wire.redis.numbers import is_integer
from twemproxy.wire.redis.shapes import encode


class LocalAnswers:
    """The answers of one pool, by command name."""

    def __init__(self, pool: Pool, probe: Probe, catalogue: Catalogue) -> None:
        """Answer for `pool`, whose servers `probe` knows."""
        self.pool = pool
        handshake = Handshake(pool, probe)
        self.by_name: dict[bytes, Answer] = {
            b"acl|whoami": self.whoami,
            b"echo": self.echo,
            b"module|list": self.modules,
            b"ping": self.ping,
            b"quit": self.quit,
            b"readonly": self.agree,
            b"readwrite": self.agree,
            b"select": self.select,
            b"time": self.time,
            **handshake.by_name,
            **ClientAnswers(pool).by_name,
            **About(pool, probe, handshake, catalogue).by_name,
        }

    def answer(self, client: Client, command: Command, args: list[bytes]) -> bytes:
        """Return the reply to one request; nothing when it comes later or never."""
        return self.by_name[command.name](client, args)

    def ping(self, client: Client, args: list[bytes]) -> bytes:
        """Tell that somebody is here, or echo."""
        if len(args) > 2:
            return answers.wrong_arity(b"ping")
        return answers.bulk(args[1]) if len(args) > 1 else answers.PONG

    def echo(self, client: Client, args: list[bytes]) -> bytes:
        """Give it back."""
        return answers.bulk(args[1])

    def time(self, client: Client, args: list[bytes]) -> bytes:
        """Tell the time of this host in seconds and microseconds."""
        now_us = time.time_ns() // 1000
        return encode([b"%d" % number for number in divmod(now_us, 1000000)], False)

    def quit(self, client: Client, args: list[bytes]) -> bytes:
        """Say goodbye; whatever follows is not looked at."""
        client.finish_reading()
        return answers.OK

    def agree(self, client: Client, args: list[bytes]) -> bytes:
        """Let clients that know clusters have their way; it changes nothing."""
        return answers.OK

    def whoami(self, client: Client, args: list[bytes]) -> bytes:
        """Name the one user there is."""
        return answers.bulk(b"default")

    def modules(self, client: Client, args: list[bytes]) -> bytes:
        """List no modules: which of them a server has, differs by server."""
        return answers.EMPTY

    def select(self, client: Client, args: list[bytes]) -> bytes:
        """Agree to the one database that a pool has."""
        if not is_integer(args[1]):
            return answers.NOT_AN_INTEGER
        own = self.pool.config.redis_db
        if int(args[1]) in (0, own):
            return answers.OK
        return answers.error(
            b"DB index is out of range: this pool has database %d" % own
        )
