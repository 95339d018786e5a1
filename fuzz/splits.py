"""A whole pool in this process: requests are split, answers merged, either mutated.

An input has parts. The first is what a client says; each other is what one server
says, once, instead of the truth; a server without a part, or with an empty one, is
honest, and its values are their keys.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from fuzz.violation import require
from tests.support.echo import Echo, answer_to, words_of
from tests.support.echo_memcache import MemcacheEcho
from tests.support.plain import plain
from tests.support.simulation import Far, Simulation, quieten
from tests.support.wire import resp
from tests.wire.feeding import feed
from twemproxy.wire import progress
from twemproxy.wire.redis.request import RequestScanner
from twemproxy.wire.redis.response import ResponseScanner

PLAIN: Final = plain(
    "tests.support.simulation", "tests.support.simulation", "tests.support.models"
)
SEPARATOR: Final = b"\n--\n"
SERVERS: Final = 3
MAX_TURNS: Final = 200
KEYS: Final = b"abcdefghijk"
TOLD: Final = (b"get", b"mget", b"del", b"unlink", b"touch", b"exists", b"mset")
REDIS_OWN: Final = resp("MGET", "own1", "own2", "own3", "own4")
MEMCACHE_OWN: Final = b"get own1 own2 own3 own4\r\n"
# What ends a session in memcached's binary protocol: a head of 24 bytes, and a text.
BINARY_REFUSAL: Final = re.compile(rb"\x81.{23}only the text protocol[a-z ]*\Z", re.S)


class Ending(NamedTuple):
    """What everybody has heard at the end of a session."""

    client: bytes
    closed: bool
    servers: tuple[tuple[int, bytes], ...]  # port and bytes of each connection
    wrong: tuple[bytes, ...]  # what servers should not have got
    bystander: bytes


class Backend:
    """One connection to a server, honest or not."""

    def __init__(self, far: Far, instead: bytes, redis: bool) -> None:
        self.far = far
        self.instead = instead
        self.lies = bool(instead)
        self.echo = Echo() if redis else MemcacheEcho()
        self.unsent = b""
        self.taken = 0

    def turn(self) -> bool:
        """Answer what has arrived; false if nothing had."""
        heard = self.far.listen()
        piece = bytes(heard[self.taken :])
        self.taken = len(heard)
        honest = self.echo.answer(piece)
        self.unsent += self.instead if self.lies else honest
        if piece:
            self.instead = b""
        had = bool(piece or self.unsent)
        self.unsent = self.unsent[self.far.say(self.unsent) :]
        return had and not self.far.ended


class Session:
    """A pool, a client, its servers."""

    def __init__(self, make: Any, parts: Sequence[bytes], redis: bool) -> None:
        quieten()
        PLAIN.quieten()
        self.redis = redis
        self.instead = [*parts[1:], b"", b"", b""][:SERVERS]
        self.world = make(SERVERS, redis=redis, distribution="modula", measured=False)
        self.backends: list[Backend] = []

    def run(self, said: bytes, own: bytes = b"") -> Ending:
        """Let the client speak in two pieces, then somebody else ask for his own."""
        with self.world.running():
            client = self.world.client()
            half = len(said) // 2
            for piece in (said[:half], said[half:]):
                client.say(piece)
                self.settle(client)
            bystander = self.world.client()
            bystander.say(own)
            self.settle(bystander)
            return Ending(
                bytes(client.heard),
                client.ended,
                tuple((b.far.port, bytes(b.far.heard)) for b in self.backends),
                tuple(wrong for b in self.backends for wrong in b.echo.wrong),
                bytes(bystander.heard),
            )

    def settle(self, client: Far) -> None:
        """Turn the loop until nothing moves any more."""
        for _ in range(MAX_TURNS):
            before = len(client.listen())
            self.world.tick(2)
            for far in self.world.dialled[len(self.backends) :]:
                known = any(b.far.port == far.port for b in self.backends)
                instead = b"" if known else self.instead[far.port]
                self.backends.append(Backend(far, instead, self.redis))
            busy = [backend.turn() for backend in self.backends]
            if not any(busy) and len(client.listen()) == before:
                return
        require(False, "it does not come to rest", client.heard)


def run_both(data: bytes, redis: bool) -> Ending:
    """Run a session with the compiled and the interpreted proxy.

    Servers that lie may lie to everybody, so nobody asks them after that.
    """
    parts = data.split(SEPARATOR)
    own = b"" if any(parts[1:]) else REDIS_OWN if redis else MEMCACHE_OWN
    ending = Session(Simulation, parts, redis).run(parts[0], own)
    second = Session(PLAIN.Simulation, parts, redis).run(parts[0], own)
    require(ending == second, "both runs differ", ending, second)
    require(not ending.wrong, "a server received what nobody sent", ending)
    return ending


def redis_split(data: bytes) -> None:
    """Split and merge requests of Redis clients."""
    said, *instead = data.split(SEPARATOR)
    ending = run_both(data, True)
    check_redis_framing(said, ending)
    if not any(instead):
        whole = expected(said)
        require(whole is None or ending.client == whole, "wrong", whole, ending)
        own = answer_to(REDIS_OWN)
        require(ending.bystander == own, "not the bystander's own", ending)


def check_redis_framing(said: bytes, ending: Ending) -> None:
    """Demand whole replies, and no more of them than there were requests."""

    def scanner() -> ResponseScanner:
        made = ResponseScanner()
        made.resp3 = b"hello" in said.lower()
        return made

    asked = feed(RequestScanner, said, [len(said)])
    told = feed(scanner, ending.client, [len(ending.client)])
    whole = not told.error and told.rest == len(ending.client)
    require(whole, "half a reply", ending)
    most = len(asked.found) + bool(asked.error)
    subscribed = b"subscribe" in said.lower()
    require(subscribed or len(told.found) <= most, "too many replies", ending)


def expected(said: bytes) -> bytes | None:
    """Return all replies to a session of nothing but well-known requests, else None."""
    found = feed(RequestScanner, said, [len(said)])
    replies = []
    pos = 0
    for status, length in found.found:
        request = said[pos : pos + length]
        pos += length
        words = words_of(request) if status == progress.WHOLE else []
        if not words or words[0].lower() not in TOLD or len(words) == 1:
            return None
        odd = words[0].lower() == b"mset" and not len(words) % 2
        if odd or (words[0].lower() == b"get" and len(words) != 2):
            return None
        replies.append(answer_to(request))
    return None if found.error else b"".join(replies)


def memcache_split(data: bytes) -> None:
    """Split and merge requests of memcached clients."""
    _, *instead = data.split(SEPARATOR)
    ending = run_both(data, False)
    text = BINARY_REFUSAL.sub(b"", ending.client)
    require(text[-2:] in (b"", b"\r\n"), "half a reply", ending)
    if not any(instead):
        own = MemcacheEcho().answer(MEMCACHE_OWN)
        require(ending.bystander == own, "not the bystander's own", ending)


def redis_seeds() -> list[bytes]:
    """Sessions with the answers that honest servers give, to be mutated."""
    keys = [bytes([key]) for key in KEYS]
    pairs = [word for key in keys for word in (key, key * 3)]
    said = (
        resp("MGET", *keys) + resp("GET", "a"),
        resp("DEL", *keys) + resp("EXISTS", *keys) + resp("TOUCH", "a", "b"),
        resp("MSET", *pairs) + resp("UNLINK", *keys),
        b"MGET a b c d\r\n" + resp("mget", *keys, *keys) * 3,
        resp("MGET", "a") + resp("MGET") + resp("MSET", "a") + resp("PING"),
    )
    return [seed for text in said for seed in (text, told(text, True))]


def memcache_seeds() -> list[bytes]:
    """Sessions likewise."""
    keys = b" ".join(bytes([key]) for key in KEYS)
    said = (
        b"get %b\r\nget a\r\n" % keys,
        b"gets %b %b\r\n" % (keys, keys),
        b"gat 10 %b\r\ngats 0 a b  c \r\nmn\r\n" % keys,
        b"set a 0 0 1\r\nx\r\nget a b c\r\nset b 0 0 1 noreply\r\ny\r\nget b a\r\n",
        b"mg a v\r\nmg b v q\r\nmn\r\nget a b c d\r\nflush_all\r\nversion\r\n",
        b"incr a 1\r\ndelete b\r\ntouch c 1\r\nms d 1\r\nx\r\nget a b\r\nquit\r\n",
    )
    return [seed for text in said for seed in (text, told(text, False))]


def told(said: bytes, redis: bool) -> bytes:
    """Append to a session what its servers answer."""
    session = Session(Simulation, [said], redis)
    session.run(said)
    answers = dict.fromkeys(range(SERVERS), b"")
    for backend in session.backends:
        echo = Echo() if redis else MemcacheEcho()
        answers[backend.far.port] = echo.answer(bytes(backend.far.heard))
    return SEPARATOR.join([said, *answers.values()])
