"""Large values, of which the inside goes through pipes: nobody may see a difference.

`LARGE_EXAMPLES` makes it longer.
"""

import contextlib
import errno
import fcntl
import os
import random
import socket
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.inside import SPLICED, Inside, take
from tests.support.processes import descriptors
from tests.support.wire import resp
from twemproxy import limits
from twemproxy.net import pipe
from twemproxy.net.ledger import held_bytes
from twemproxy.stats import slot

EXAMPLES: Final = int(os.environ.get("LARGE_EXAMPLES", "60"))
PIPE: Final = limits.PIPE_BYTES
PATTERN: Final = random.Random(1).randbytes(4096 + 251)
PATIENCE: Final = 6000  # turns of the loop for one exchange
AROUND: Final = (
    SPLICED,
    SPLICED + 4096,
    SPLICED + 65536,
    PIPE,
    PIPE + SPLICED,
    3 * PIPE,
)

sizes = st.one_of(
    st.builds(
        lambda size, more: size + more, st.sampled_from(AROUND), st.integers(-9, 150)
    ),
    st.integers(0, 2 * PIPE),
)
cuts = st.lists(
    st.one_of(st.integers(1, 40), st.integers(1, 9000), st.integers(1, 400000)),
    min_size=1,
    max_size=6,
)


class Words(NamedTuple):
    """How one protocol says what these tests say."""

    redis: bool
    get: Callable[[], bytes]
    set: Callable[[bytes], bytes]
    value: Callable[[bytes], bytes]
    stored: bytes
    small: bytes  # a request, whose reply is
    reply: bytes


REDIS: Final = Words(
    True,
    lambda: resp("GET", "large"),
    lambda data: resp("SET", "large", data, "EX", "60"),
    lambda data: b"$%d\r\n%b\r\n" % (len(data), data),
    b"+OK\r\n",
    resp("GET", "small"),
    b"$5\r\nvalue\r\n",
)
MEMCACHED: Final = Words(
    False,
    lambda: b"get large\r\n",
    lambda data: b"set large 0 0 %d\r\n%b\r\n" % (len(data), data),
    lambda data: b"VALUE large 0 %d\r\n%b\r\nEND\r\n" % (len(data), data),
    b"STORED\r\n",
    b"get small\r\n",
    b"VALUE small 0 5\r\nvalue\r\nEND\r\n",
)
BOTH: Final = pytest.mark.parametrize(
    "words", [REDIS, MEMCACHED], ids=["redis", "memcached"]
)


def data_of(size: int) -> bytes:
    """Return bytes in which every offset looks different."""
    return (PATTERN * (size // len(PATTERN) + 1))[:size]


class Line:
    """A pool, one client and the server, which the client has already spoken to."""

    def __init__(self, words: Words, **options: object) -> None:
        self.inside = Inside(redis=words.redis, **options)
        self.client = self.inside.client()
        self.client.send(words.small)
        self.inside.turn()
        self.server = self.inside.server()
        self.server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        assert self.carry(self.server, words.reply, self.client) == words.reply
        take(self.server)

    def carry(
        self,
        source: socket.socket,
        data: bytes,
        target: socket.socket,
        pieces: list[int] | None = None,
    ) -> bytes:
        """Send `data` in pieces; return what has come by the time all has."""
        heard = bytearray()
        at = number = 0
        for _ in range(PATIENCE):
            if at < len(data):
                size = (pieces or [len(data)])[number % len(pieces or [0])]
                with contextlib.suppress(BlockingIOError):
                    at += source.send(data[at : at + size])
                number += 1
            self.inside.turn(1)
            heard += take(target)
            if len(heard) >= len(data):
                break
        return bytes(heard)

    def close(self) -> None:
        """End everything."""
        self.client.close()
        self.server.close()
        self.inside.__exit__(None, None, None)


@contextlib.contextmanager
def line(words: Words, **options: object) -> Iterator[Line]:
    """Have a line; at the end no pipe is in use and nothing is held by one."""
    held = held_bytes()
    made = Line(words, **options)
    try:
        yield made
    finally:
        made.close()
    assert len(pipe.RACK.spare) == pipe.RACK.total
    made.inside.process.drop_spare()
    assert held_bytes() <= held + 65536


def numbers(inside: Inside) -> list[int]:
    """Return all counters of the pool and the server that do not tell a time."""
    pool = (slot.CLIENT_REQUESTS, slot.CLIENT_RESPONSES, slot.CLIENT_ERRORS)
    server = (slot.REQUESTS, slot.REQUEST_BYTES, slot.RESPONSES, slot.RESPONSE_BYTES)
    queues = (slot.IN_QUEUE, slot.IN_QUEUE_BYTES, slot.OUT_QUEUE, slot.OUT_QUEUE_BYTES)
    return [inside.block(1).get(number) for number in pool] + [
        inside.block(2).get(number) for number in server + queues
    ]


@pytest.fixture
def rack() -> Iterator[pipe.Rack]:
    """Lend the rack of pipes, empty; what it was told is forgotten again."""
    most = pipe.RACK.most
    if not most:
        pytest.skip("no pipes on this system")
    for _ in range(2):
        pipe.RACK.trim()
    yield pipe.RACK
    pipe.RACK.most = most
    pipe.RACK.refused = False


@BOTH
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(size=sizes, pieces=cuts, before=st.integers(0, 2), after=st.integers(0, 1))
@example(size=1_369_793, pieces=[43_113, 43_114, 1, 1, 1, 1], before=0, after=0)
def test_a_value_passes_both_ways_however_it_is_cut(
    words: Words, size: int, pieces: list[int], before: int, after: int
) -> None:
    data = data_of(size)
    pieces = [max(piece, size // 2000) for piece in pieces]
    with line(words) as made:
        asked = words.small * before + words.set(data) + words.small * after
        assert made.carry(made.client, asked, made.server, pieces) == asked
        answered = words.reply * before + words.stored + words.reply * after
        assert made.carry(made.server, answered, made.client, pieces) == answered
        asked = words.small * before + words.get() + words.small * after
        assert made.carry(made.client, asked, made.server) == asked
        answered = words.reply * before + words.value(data) + words.reply * after
        assert made.carry(made.server, answered, made.client, pieces) == answered


@BOTH
def test_a_large_value_does_go_through_a_pipe(words: Words, rack: pipe.Rack) -> None:
    data = data_of(PIPE)
    with line(words) as made:
        asked = words.set(data)
        made.carry(made.client, asked, made.server, [65536])
        assert rack.total == 1
        made.carry(made.server, words.stored, made.client)
        made.carry(made.client, words.get(), made.server)
        made.carry(made.server, words.value(data), made.client, [65536])
        assert rack.total == 1


@BOTH
def test_counters_are_the_same_with_pipes_and_without(
    words: Words, rack: pipe.Rack
) -> None:
    found = []
    most = rack.most
    for rack.most in (most, 0):
        with line(words) as made:
            data = data_of(PIPE)
            for asked, answered in (
                (words.set(data), words.stored),
                (words.get(), words.value(data)),
            ):
                made.carry(made.client, asked, made.server, [100000])
                found.append(numbers(made.inside))
                made.carry(made.server, answered, made.client, [100000])
                found.append(numbers(made.inside))
    assert found[:4] == found[4:]


@BOTH
def test_small_segments_fill_pipes_early_and_the_rest_goes_to_memory(
    words: Words, rack: pipe.Rack
) -> None:
    data = data_of(PIPE)
    rack.most = 2
    with line(words) as made:
        asked = words.set(data)
        made.client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * PIPE)
        heard = b""
        for burst in range(0, len(asked), 300000):
            at = burst
            while at < min(burst + 300000, len(asked)):
                end = min(at + 700, burst + 300000)
                with contextlib.suppress(BlockingIOError):
                    at += made.client.send(asked[at:end])
                    continue
                made.inside.turn(1)
            made.inside.turn()
            heard += take(made.server)
        while len(heard) < len(asked):
            made.inside.turn()
            heard += take(made.server)
        assert heard == asked
        assert rack.total == 2


@pytest.mark.parametrize("call", ["pipe2", "fcntl"])
def test_without_a_pipe_the_value_goes_through_memory(
    call: str, rack: pipe.Rack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EMFILE, "none left")

    monkeypatch.setattr(os if call == "pipe2" else fcntl, call, refuse)
    data = data_of(PIPE)
    with line(REDIS) as made:
        asked = REDIS.set(data)
        assert made.carry(made.client, asked, made.server, [65536]) == asked
    assert rack.total == 0


def test_more_large_values_than_pipes_all_arrive(rack: pipe.Rack) -> None:
    rack.most = 1
    data = data_of(300000)
    with line(REDIS) as made:
        others = [made.inside.client() for _ in range(3)]
        asked = REDIS.set(data)
        for sock in others:
            sock.send(asked[:100000])
            made.inside.turn()
        assert rack.total == 1
        for sock in others:
            rest = asked[100000:]
            heard = made.carry(sock, rest, made.server, [50000])
            while len(heard) < len(asked):
                made.inside.turn()
                heard += take(made.server)
            assert heard == asked
            sock.close()


@BOTH
def test_who_leaves_in_the_middle_leaves_no_pipe_in_use(
    words: Words, rack: pipe.Rack
) -> None:
    data = data_of(PIPE)
    with line(words) as made:
        before = descriptors(os.getpid())
        made.client.send(words.set(data)[:200000])
        made.inside.turn()
        assert not rack.spare
        made.client.close()
        made.inside.turn()
        assert rack.total == 0  # it was not empty, so it was closed
        made.client = made.inside.client()
        made.carry(made.client, words.get(), made.server)
        made.server.send(words.value(data)[:200000])
        made.inside.turn()
        assert not rack.spare
        made.client.close()
        made.inside.turn()
        made.server.send(words.value(data)[200000:400000])
        made.inside.turn()
        made.server.close()
        made.inside.turn()
        assert rack.total == 0
        assert descriptors(os.getpid()) <= before


@BOTH
def test_a_server_that_dies_in_a_large_reply_sends_no_half_of_it(words: Words) -> None:
    with line(words) as made:
        made.carry(made.client, words.get(), made.server)
        made.server.send(words.value(data_of(PIPE))[:400000])
        made.inside.turn()
        made.server.close()
        made.inside.turn()
        told = take(made.client)
        assert told.startswith((b"-ERR", b"SERVER_ERROR"))
        assert len(told) < 100


def test_a_slow_reader_holds_up_nobody_else() -> None:
    data = data_of(PIPE)
    with line(REDIS) as made:
        made.carry(made.client, REDIS.get(), made.server)
        other = made.inside.client()
        made.carry(other, REDIS.small, made.server)
        answered = REDIS.value(data) + REDIS.reply
        at = 0
        for _ in range(PATIENCE):
            with contextlib.suppress(BlockingIOError):
                at += made.server.send(answered[at:])
            made.inside.turn(1)
            if at == len(answered) and (told := take(other)):
                break
        assert told == REDIS.reply
        heard = b""
        while len(heard) < len(REDIS.value(data)):
            heard += take(made.client)
            made.inside.turn(1)
        assert heard == REDIS.value(data)
        other.close()


def test_a_reply_in_a_pipe_waits_for_its_turn() -> None:
    data = data_of(PIPE)
    with line(REDIS) as made:
        asked = REDIS.get() + REDIS.small
        made.carry(made.client, asked, made.server)
        pings = resp("PING") * 3
        made.client.send(pings)
        made.inside.turn()
        answered = REDIS.value(data) + REDIS.reply
        expected = answered + b"+PONG\r\n" * 3
        heard = made.carry(made.server, answered, made.client, [30000])
        while len(heard) < len(expected):
            made.inside.turn()
            heard += take(made.client)
        assert heard == expected


def test_bytes_in_pipes_count_as_memory_held() -> None:
    with line(REDIS) as made:
        before = held_bytes()
        made.client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * PIPE)
        asked = REDIS.set(data_of(PIPE))[:-9]
        sent = made.client.send(asked[:700000])
        made.inside.turn()
        (held,) = [client.held() for client in made.inside.pool.clients]
        assert sent <= held <= sent + 10000
        assert held_bytes() - before >= sent


def test_a_value_without_its_end_is_not_passed_on() -> None:
    data = data_of(PIPE)
    bad = REDIS.set(data)[:-2]
    with line(REDIS) as made:
        text = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%bxx" % (len(data), data)
        assert len(bad) > len(data)
        made.carry(made.client, text, made.client, [65536])
        made.inside.turn()
        assert not take(made.server)


def test_memcached_refuses_a_large_block_with_a_bad_end_and_goes_on() -> None:
    data = data_of(PIPE)
    with line(MEMCACHED) as made:
        text = b"set k 0 0 %d\r\n%bxx" % (len(data), data)
        at = 0
        told = b""
        while not told:
            with contextlib.suppress(BlockingIOError):
                at += made.client.send(text[at : at + 65536])
            made.inside.turn()
            told = take(made.client)
        assert told == b"CLIENT_ERROR bad data chunk\r\n"
        asked = MEMCACHED.small
        assert made.carry(made.client, asked, made.server) == asked


def test_a_command_denied_while_its_value_came_is_refused() -> None:
    asked = resp("SET", "k", data_of(PIPE))
    with line(REDIS) as made:
        made.client.send(asked[:200000])
        made.inside.turn()
        pool = made.inside.pool
        pool.config = pool.config._replace(deny_commands=("set",))
        pool.protocol.on_servers()
        at = 200000
        told = b""
        while not told:
            with contextlib.suppress(BlockingIOError):
                at += made.client.send(asked[at : at + 65536])
            made.inside.turn()
            told = take(made.client)
        assert told == b"-ERR the configuration changed while the request came\r\n"
        assert not take(made.server)
