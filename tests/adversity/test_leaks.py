"""After many requests and sudden ends, everything is as it was before.

`LEAK_REQUESTS` makes it longer.
"""

import contextlib
import gc
import os
import random
from collections import Counter
from pathlib import Path
from typing import Final

from tests.support.echo import Echo
from tests.support.inside import Inside, take
from tests.support.processes import PAGE_BYTES, allowance
from tests.support.wire import resp
from twemproxy.net.ledger import held_bytes

REQUESTS: Final = int(os.environ.get("LEAK_REQUESTS", "1000000"))
CLIENTS: Final = 8
DEPTH: Final = 20  # pipelines that a client sends before it reads
PIPELINE: Final = (
    resp("GET", "k") * 18
    + resp("SET", "k", b"x" * 2000)
    + resp("MGET", *"abcdefgh")
    + resp("MGET", "a")
    + resp("DEL", "a", "b")
    + resp("PING")
    + b"GET typed\r\n"
    + resp("NOSUCH", "x")
    + resp("GET", "last")
)
COUNT: Final = 26  # requests in it
MAX_GROWTH: Final = 8 << 20
QUIET: Final = 4  # rounds without a byte: what gathers for servers has left by then
NOISE: Final = 100  # objects that the test run itself makes meanwhile


def objects() -> Counter[str]:
    """Count what the collector knows of, by type."""
    gc.collect()
    return Counter(type(item).__name__ for item in gc.get_objects())


def resident() -> int:
    """Return the resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


class Peer:
    """The server's end of the one connection: answers as fast as it is read."""

    def __init__(self, inside: Inside) -> None:
        with inside.client() as client:
            client.send(resp("GET", "k"))
            inside.turn()
            self.sock = inside.server()
            self.echo = Echo()
            self.unsent = b""
            while not take(client):
                self.turn()
                inside.turn()
        inside.turn()

    def turn(self) -> bool:
        """Receive, answer, send what leaves; false when there was nothing to do."""
        piece = take(self.sock)
        self.unsent += self.echo.answer(piece)
        had = bool(piece or self.unsent)
        if self.unsent:
            with contextlib.suppress(BlockingIOError):
                self.unsent = self.unsent[self.sock.send(self.unsent) :]
        return had


def talk(inside: Inside, peer: Peer, chance: random.Random) -> int:
    """Let some clients ask, some of them leave too early; how many were asked."""
    clients = [inside.client() for _ in range(CLIENTS)]
    for client in clients:
        for _ in range(DEPTH):
            with contextlib.suppress(OSError):
                client.send(PIPELINE[: chance.choice((len(PIPELINE), 700))])
            inside.turn(1)
        if chance.random() < 0.3:
            client.close()
    quiet = 0
    while quiet < QUIET:
        busy = peer.turn()
        inside.turn(1)
        for client in clients:
            if client.fileno() >= 0:
                busy = bool(take(client)) or busy
        quiet = 0 if busy else quiet + 1
    for client in clients:
        client.close()
    inside.turn()
    return CLIENTS * DEPTH * COUNT


def test_nothing_is_left_of_requests_and_sudden_ends() -> None:
    chance = random.Random(1)
    with Inside() as inside:
        done = 0
        peer = Peer(inside)
        for _ in range(3):
            talk(inside, peer, chance)
        before = objects(), held_bytes(), resident()
        while done < REQUESTS:
            done += talk(inside, peer, chance)
            if chance.random() < 0.2:
                peer.sock.close()
                inside.turn()
                peer = Peer(inside)
        inside.turn()
        after = objects()
        more = {name: n for name, n in (after - before[0]).items() if n > NOISE}
        assert not more
        assert held_bytes() <= before[1] + 65536
        assert resident() - before[2] < allowance(MAX_GROWTH)
        assert not inside.pool.clients
        peer.sock.close()


def test_a_response_is_not_paired_with_a_request_that_has_not_left() -> None:
    with Inside() as inside, inside.client() as client:
        peer = Peer(inside)
        client.send(resp("GET", "k"))
        peer.sock.send(b"$6\r\npoison\r\n")
        inside.turn()
        assert b"poison" not in take(client)
        peer.sock.close()
