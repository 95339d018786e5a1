"""Random requests, good and bad, get the same bytes directly and through the proxy.

Two servers of the same kind start empty and are told the same; one is told by the
proxy, whose pool has no other server. A command whose reply is bound to differ has
a row here that says why.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Final

import pytest

from tests.support.proxy import Proxy, pool
from tests.support.real import NamedServer, programs
from tests.support.wire import Wire, resp
from twemproxy.wire import progress, rule
from twemproxy.wire.redis.commands import COMMANDS, ROW, Command
from twemproxy.wire.redis.response import ResponseScanner

REQUESTS: Final = 1500
WORDS: Final = 7  # of a request beyond those that it must have

CHANCE: Final = b"chance decides"
CLOCK: Final = b"a clock decides"
OWN: Final = b"the proxy tells of itself"
DIFFERENT: Final = {
    b"acl|genpass": CHANCE,
    b"acl|whoami": OWN,
    b"auth": b"the words of the C program",
    b"client": OWN,
    b"command": OWN,
    b"config": OWN,
    b"dump": CHANCE,
    b"expiretime": CLOCK,
    b"function|stats": CLOCK,
    b"hello": b"the number of the client",
    b"hrandfield": CHANCE,
    b"info": OWN,
    b"lolwut": CHANCE,
    b"memory|usage": CHANCE,
    b"migrate": b"it would wait for another server",
    b"module": OWN,
    b"object|freq": CLOCK,
    b"object|idletime": CLOCK,
    b"pexpiretime": CLOCK,
    b"pttl": CLOCK,
    b"quit": b"it ends the connection",
    b"randomkey": CHANCE,
    b"readonly": b"the proxy agrees, for clients that know clusters",
    b"readwrite": b"the proxy agrees, for clients that know clusters",
    b"reset": b"it changes the protocol",
    b"script|kill": b"nothing runs",
    b"select": b"a pool has one database",
    b"spop": CHANCE,
    b"srandmember": CHANCE,
    b"time": CLOCK,
    b"wait": b"it would wait",
    b"waitaof": b"it would wait",
    b"zrandmember": CHANCE,
}
ODD_CURSORS: Final = (b"", b" 1", b"\x00\xff")  # numbers for Redis or for Valkey
# Sets have no order, and each server shuffles its own way.
UNORDERED: Final = (
    b"acl",
    b"keys",
    b"scan",
    b"sscan",
    b"smembers",
    b"sort",
    b"sort_ro",
)
UNORDERED_STARTS: Final = (b"sinter", b"sunion", b"sdiff")

KEYS: Final = [b"a", b"b", b"c", b"list", b"hash", b"set", b"zset", b"stream"]
VALUES: Final = [
    *(b"0", b"1", b"2", b"-1", b"10", b"1.5", b"x", b"y", b"field", b"", b"nan"),
    *(b"(1", b"+inf", b"[a", b"-", b"+", b"1-1", b"2-0", b"9" * 19, b"9" * 20, b" 1"),
    *(b"\r\n", b"\x00\xff", b"a'b\"c"),
]
OPTIONS: Final = (
    b"NX XX GET KEEPTTL WITHSCORES LIMIT COUNT MATCH * STORE BY ASC DESC ALPHA REV "
    b"BYSCORE LEFT RIGHT BEFORE AFTER AND NOT WEIGHTS AGGREGATE SUM STREAMS GROUP "
    b"CREATE MKSTREAM JUSTID IDLE FROMLONLAT FROMMEMBER BYRADIUS BYBOX m km INCR CH GT "
    b"REPLACE DB ANY LEN IDX u8 i16 SET OVERFLOW WRAP NOMKSTREAM MAXLEN ~ TYPE string"
).split()
SCRIPTS: Final = [
    b"return {1, 2.5, 'x', {false, true}}",
    b"return redis.call('get', KEYS[1])",
    b"return redis.error_reply('MINE is wrong')",
    b"return {ok = 'fine'}",
    b"syntax error",
    b"redis.setresp(3) return redis.call('hgetall', KEYS[1])",
]

# What makes a state worth asking about.
STATE: Final = [
    b"SET a 1",
    b"SET a 1 EX 1000",
    b"RPUSH list a b c 1 2",
    b"HSET hash field 1 x 2 y 3",
    b"SADD set 1 2 x y",
    b"ZADD zset 1 a 2 b 2.5 c",
    b"XADD stream 1-1 x y",
    b"GEOADD b 1 1 x 2 2 y",
    b"PFADD c x y",
]


def candidates(known: frozenset[bytes]) -> list[Command]:
    """Rows of commands that the server has and whose replies should be equal."""
    return [
        row
        for row in COMMANDS
        if row.name in known
        and row.how != rule.REFUSED
        and row.name not in DIFFERENT
        and row.name.partition(b"|")[0] not in DIFFERENT
    ]


def request(rows: list[Command], chance: random.Random) -> list[bytes]:
    """Make up a request: mostly of the right length, with keys where keys are."""
    if chance.random() < 0.1:
        return chance.choice(STATE).split()
    if chance.random() < 0.05:
        count = chance.randrange(4)
        return [b"NoSuch", *chance.choices(VALUES, k=count)]
    row = chance.choice(rows)
    words = row.name.split(b"|")
    count = abs(row.arity) if chance.random() < 0.95 else chance.randrange(1, 9)
    if row.arity < 0:
        count += int(chance.random() ** 2 * WORDS)
    while len(words) < count:
        words.append(word(row, len(words), chance))
    return words[: max(count, 1)]


def word(row: Command, at: int, chance: random.Random) -> bytes:
    """Make up one word of a request."""
    if row.flags & rule.SCRIPT and at == 1:
        return chance.choice(SCRIPTS)
    if at == row.numkeys and row.numkeys:
        return chance.choice([b"1", b"1", b"1", b"2", b"0", b"x"])
    if row.first and at >= row.first and (row.last < 0 or at <= row.last):
        return chance.choice(KEYS)
    value = chance.choice(chance.choice([KEYS, VALUES, VALUES, OPTIONS]))
    if b"ex" in row.name and value.isdigit():
        return value + b"000000"  # or a key would end on one server before the other
    return value


def is_open(words: list[bytes]) -> bool:
    """Whether a clock or chance would decide about the reply, or the kind of server.

    Valkey 9 repeats an option of FUNCTION LIST with its line ends, so that one reply
    becomes two; the proxy refuses such words itself.
    """
    name = words[0].lower()
    if name.endswith(b"scan"):  # another place to go on from is another set of keys
        cursor = words[1 if name == b"scan" else 2 :][:1]
        if cursor and name == b"scan" and cursor[0] in ODD_CURSORS:
            return True
        return bool(cursor) and cursor[0].strip(b"-").isdigit() and cursor[0] != b"0"
    if name == b"function":
        return any(b"\n" in word for word in words)
    return b"*" in words and name.startswith(b"x")


def is_other(words: list[bytes], rows: list[Command]) -> bool:
    """Whether the words happened to name a subcommand that is no candidate."""
    row = ROW.get(b"|".join(words[:2]).lower())
    return row is not None and COMMANDS[row] not in rows


class Asker:
    """One connection and the replies on it, byte for byte."""

    def __init__(self, port: int, version: int) -> None:
        self.wire = Wire(port)
        self.version = version
        self.scanner = ResponseScanner()
        self.scanner.resp3 = True
        self.ask([b"HELLO", b"%d" % version])

    def ask(self, words: list[bytes]) -> bytes:
        """Send a request and return its reply."""
        self.wire.send(resp(*words))
        self.scanner.reset()
        received = bytearray()
        while True:
            received += self.wire.read_exactly(1) + self.wire.take()
            status = self.scanner.advance(received, 0, len(received))
            if status != progress.MORE:
                return bytes(received)

    def close(self) -> None:
        """End the connection."""
        self.wire.close()


@pytest.fixture(scope="module", params=programs(), ids=lambda path: path[-30:])
def pair(request: pytest.FixtureRequest) -> Iterator[list[NamedServer]]:
    """Two servers of the same kind, of each kind in turn."""
    with ExitStack() as stack:
        both = [NamedServer(request.param), NamedServer(request.param)]
        for server in both:
            stack.callback(server.close)
            server.start()
        yield both


@pytest.fixture
def servers(pair: list[NamedServer]) -> list[NamedServer]:
    """Both of them, empty."""
    for server in pair:
        server.flush()
    return pair


@pytest.fixture(params=[2, 3])
def askers(
    request: pytest.FixtureRequest,
    servers: list[NamedServer],
    proxy: Callable[[str], Proxy],
) -> Iterator[tuple[Asker, Asker]]:
    """A connection to the first server, and one through the proxy to the second."""
    through = proxy(pool(servers[1:]))
    with (
        closing(Asker(servers[0].port, request.param)) as direct,
        closing(Asker(through.port, request.param)) as proxied,
    ):
        yield direct, proxied


def comparable(words: list[bytes], reply: bytes) -> object:
    """The reply, without an order where there is none."""
    name = words[0].lower()
    if name in UNORDERED or name.startswith(UNORDERED_STARTS):
        return sorted(reply.split(b"\r\n"))
    return reply


def names_of(reply: bytes) -> frozenset[bytes]:
    """The names in a reply to COMMAND LIST."""
    return frozenset(reply.lower().split(b"\r\n"))


@pytest.mark.parametrize("seed", range(2))
def test_random_requests_get_the_same_replies(
    askers: tuple[Asker, Asker], seed: int
) -> None:
    direct = askers[0]
    chance = random.Random(f"{seed} {direct.version}")
    rows = candidates(names_of(direct.ask([b"COMMAND", b"LIST"])))
    asked: list[list[bytes]] = []
    for _ in range(REQUESTS):
        words = request(rows, chance)
        if is_open(words) or is_other(words, rows):
            continue
        asked.append(words)
        replies = [comparable(words, asker.ask(words)) for asker in askers]
        assert replies[0] == replies[1], asked[-3:]
