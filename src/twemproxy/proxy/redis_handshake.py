"""HELLO, AUTH and RESET: who a Redis client is and what its replies look like.

Whatever changes the shape of replies waits until everything asked before has its
reply, and nothing asked after is looked at until then: HELLO and RESET may stand
in the middle of a pipeline.
"""

from collections.abc import Callable, Sequence
from typing import Final

from twemproxy.proxy import silence
from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.redis_later import keep, promise
from twemproxy.proxy.redis_probe import Probe
from twemproxy.proxy.redis_session import Answer, bad_name, session_of
from twemproxy.wire.redis import answers
from twemproxy.wire.redis.numbers import is_integer
from twemproxy.wire.redis.shapes import Value, encode

NEWER: Final = 3  # of the two versions of the protocol
VERSIONS: Final = (2, NEWER)
USER: Final = b"default"
WITH_USER: Final = 3  # words of AUTH

NOT_A_VERSION: Final = answers.error(
    b"Protocol version is not an integer or out of range"
)
HELLO_FIRST: Final = answers.error(
    b"HELLO must be called with the client already authenticated, otherwise the HELLO "
    b"<proto> AUTH <user> <pass> option can be used to authenticate the client and "
    b"select the RESP protocol version at the same time",
    b"NOAUTH",
)
WRONG_PAIR: Final = answers.error(
    b"invalid username-password pair or user is disabled.", b"WRONGPASS"
)


class Handshake:
    """HELLO, AUTH and RESET of one pool."""

    def __init__(self, pool: Pool, probe: Probe) -> None:
        """Answer for `pool`, whose servers `probe` knows."""
        self.pool = pool
        self.probe = probe
        self.by_name: dict[bytes, Answer] = {
            b"auth": self.auth,
            b"hello": self.hello,
            b"reset": self.reset,
        }

    def auth(self, client: Client, args: list[bytes]) -> bytes:
        """Compare passwords, in a time that does not tell how much was right."""
        if len(args) > WITH_USER:
            return answers.SYNTAX
        password = self.pool.config.redis_auth
        if len(args) == WITH_USER:
            return self.login(client, args[1], args[2]) or answers.OK
        if not password:
            return answers.NO_PASSWORD_SET
        know(client, is_same(args[1], password))
        return answers.OK if client.authenticated else answers.WRONG_PASSWORD

    def login(self, client: Client, user: bytes, password: bytes) -> bytes:
        """Take a user and a password; return an error if they are wrong."""
        expected = self.pool.config.redis_auth
        right = is_same(password, expected) or not expected
        if not right or user != USER:
            know(client, not expected)
            return WRONG_PAIR
        know(client, True)
        return b""

    def hello(self, client: Client, args: list[bytes]) -> bytes:
        """Agree on a protocol once it is known what the servers speak."""
        version = NEWER if client.resp3 else 2
        if len(args) > 1:
            if not is_integer(args[1]):
                return NOT_A_VERSION
            version = int(args[1])
            if version not in VERSIONS:
                return answers.NO_SUCH_PROTOCOL
        login, name, error = hello_options(args)
        if error:
            return error
        if login:
            error = self.login(client, *login)
            if error:
                return error
        if not client.authenticated:
            return HELLO_FIRST
        if name is not None:
            session_of(client).name = name
        self.when_known(client, lambda client: self.agree(client, version))
        return b""

    def agree(self, client: Client, version: int) -> bytes:
        """Switch to a protocol and tell who is here."""
        if version == NEWER and self.probe.refused:
            return answers.NO_SUCH_PROTOCOL
        client.resp3 = version == NEWER
        facts: dict[bytes, Value] = {
            b"server": self.probe.facts[b"server"],
            b"version": self.probe.facts[b"version"],
            b"proto": version,
            b"id": client.number,
            b"mode": b"standalone",
            b"role": b"master",
            b"modules": [],
        }
        return encode(facts, client.resp3)

    def when_known(self, client: Client, produce: Callable[[Client], bytes]) -> None:
        """Answer in turn, as soon as it is known what the servers are."""
        promised = promise(client, produce)
        self.probe.ask(lambda: keep(promised))
        client.catch_up()

    def reset(self, client: Client, args: list[bytes]) -> bytes:
        """Forget everything about a client but its number, in its turn."""

        def forget(client: Client) -> bytes:
            client.resp3 = False
            client.session = None
            return answers.RESET

        client.silence &= ~silence.ALL
        know(client, not self.pool.config.redis_auth)
        keep(promise(client, forget))
        client.catch_up()
        return b""


def know(client: Client, known: bool) -> None:
    """Take down whether a client is known, and since when one that was is not."""
    if client.authenticated and not known:
        client.strange_ms = client.reactor.now_ms
    client.authenticated = known


def is_same(given: bytes, secret: bytes) -> bool:
    """Compare in a time that does not tell where they differ.

    The standard library's function would do, but loads OpenSSL: 3.6 MB a worker.
    """
    differing = len(given) ^ len(secret)
    for one, other in zip(given, secret, strict=False):
        differing |= one ^ other
    return differing == 0


def hello_options(
    args: Sequence[bytes],
) -> tuple[tuple[bytes, bytes] | None, bytes | None, bytes]:
    """Return the login and the name among HELLO's options, and an error."""
    login = None
    name = None
    i = 2
    while i < len(args):
        word = args[i].upper()
        if word == b"AUTH" and i + 2 < len(args):
            login = (args[i + 1], args[i + 2])
            i += 3
        elif word == b"SETNAME" and i + 1 < len(args):
            name = args[i + 1]
            if error := bad_name(name):
                return None, None, error
            i += 2
        else:
            text = b"Syntax error in HELLO option '%b'"
            return None, None, answers.error(text % answers.until_zero(args[i]))
    return login, name, b""
