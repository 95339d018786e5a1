"""What the proxy answers to Redis clients by itself. Cold: asked once a connection."""

import time
from collections.abc import Callable

from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.wire.redis import answers
from twemproxy.wire.redis.commands import Command

Answer = Callable[[Client, list[bytes]], bytes]


class LocalAnswers:
    """The answers of one pool, by command name."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.by_name: dict[bytes, Answer] = {
            b"auth": self.auth,
            b"echo": self.echo,
            b"ping": self.ping,
            b"quit": self.quit,
            b"select": self.select,
            b"time": self.time,
        }

    def answer(self, client: Client, command: Command, args: list[bytes]) -> bytes:
        """Return the reply to one request."""
        answer = self.by_name.get(command.name)
        if answer is None:
            return answers.refused(command.name, b"it concerns one connection")
        return answer(client, args)

    def ping(self, client: Client, args: list[bytes]) -> bytes:
        """Tell that somebody is here, or echo."""
        if len(args) > 2:
            return answers.wrong_arity(b"ping")
        return answers.bulk(args[1]) if len(args) == 2 else answers.PONG

    def echo(self, client: Client, args: list[bytes]) -> bytes:
        """Give it back."""
        return answers.bulk(args[1])

    def time(self, client: Client, args: list[bytes]) -> bytes:
        """Tell the time of this host in seconds and microseconds."""
        now_us = time.time_ns() // 1000
        seconds, rest = divmod(now_us, 1000000)
        return answers.array([answers.bulk(b"%d" % n) for n in (seconds, rest)])

    def quit(self, client: Client, args: list[bytes]) -> bytes:
        """Say goodbye; whatever follows is not looked at."""
        client.finish_reading()
        return answers.OK

    def select(self, client: Client, args: list[bytes]) -> bytes:
        """Agree to the one database that a pool has."""
        if args[1] in (b"0", b"%d" % self.pool.config.redis_db):
            return answers.OK
        return answers.error(b"DB index is out of range")

    def auth(self, client: Client, args: list[bytes]) -> bytes:
        """Compare passwords, in a time that does not tell how much was right."""
        if len(args) > 3:
            return answers.SYNTAX
        password = self.pool.config.redis_auth
        if not password:
            return answers.NO_PASSWORD_SET
        right = _is_same(args[-1], password)
        if len(args) == 3:
            right = right and args[1] == b"default"
        client.authenticated = right
        return answers.OK if right else answers.WRONG_PASSWORD


def _is_same(given: bytes, secret: bytes) -> bool:
    """Compare in a time that does not tell where they differ.

    The standard library's function would do, but loads OpenSSL: 3.6 MB a worker.
    """
    differing = len(given) ^ len(secret)
    for one, other in zip(given, secret, strict=False):
        differing |= one ^ other
    return differing == 0
