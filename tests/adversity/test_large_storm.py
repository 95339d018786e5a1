"""Large values among small ones while clients vanish and the server dies.

`LARGE_STORM_TURNS` makes it longer.
"""

import contextlib
import gc
import os
import random
import socket
from typing import Final

from tests.support.inside import Inside, take
from tests.support.parrot import bulk, take_reply, take_request
from tests.support.processes import descriptors
from tests.support.wire import resp
from twemproxy.net import pipe
from twemproxy.net.ledger import held_bytes
from twemproxy.stats import slot

TURNS: Final = int(os.environ.get("LARGE_STORM_TURNS", "3000"))
CLIENTS: Final = 6
SIZES: Final = (3, 5000, 131072, 140000, 300000, 1 << 20, 1500000)
NOISE: Final = random.Random(1).randbytes(max(SIZES) + 256)
ALLOWED: Final = 131072  # bytes that stay with the loop for the next time


def value_of(key: bytes) -> bytes:
    """Return the one value that a key can have."""
    size, number = map(int, key.split(b":"))
    return NOISE[number : number + size]


class Speaker:
    """One end of a connection: what it has still to send and what came."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.unsent = bytearray()
        self.heard = bytearray()
        self.owed: list[bytes] = []

    def move(self, chance: random.Random) -> None:
        """Send and receive a bit."""
        with contextlib.suppress(BlockingIOError):
            piece = self.unsent[: chance.choice((700, 70000, 2000000))]
            if piece:
                del self.unsent[: self.sock.send(piece)]
        self.heard += take(self.sock)

    def ask(self, chance: random.Random) -> None:
        """Have a question to send, and a right answer to wait for."""
        key = b"%d:%d" % (chance.choice(SIZES), chance.randrange(256))
        if chance.random() < 0.5:
            self.unsent += resp("GET", key)
            self.owed.append(bulk(value_of(key)))
        else:
            self.unsent += resp("SET", key, value_of(key))
            self.owed.append(bulk(b"OK"))

    def check(self) -> int:
        """Check what was answered; how much that was."""
        count = 0
        while (reply := take_reply(self.heard)) is not None:
            right = self.owed.pop(0)
            assert reply == right or reply[:5] == b"-ERR ", (reply[:80], right[:80])
            count += 1
        return count

    def serve(self) -> None:
        """Answer what was asked; a value that came must be the right one."""
        while (words := take_request(self.heard)) is not None:
            if words[0] == b"SET":
                assert words[2] == value_of(words[1])
                self.unsent += bulk(b"OK")
            else:
                self.unsent += bulk(value_of(words[1]))


class Storm:
    """A pool in the middle of it."""

    def __init__(self, inside: Inside) -> None:
        self.inside = inside
        self.chance = random.Random(2)
        self.clients: list[Speaker] = []
        self.servers: list[Speaker] = []
        self.answered = 0
        inside.listener.setblocking(False)

    def turn(self) -> None:
        """Let everybody do something, and the loop turn."""
        with contextlib.suppress(BlockingIOError):
            self.servers.append(Speaker(self.inside.server()))
        for speaker in self.servers:
            with contextlib.suppress(OSError):
                speaker.move(self.chance)
            speaker.serve()
        for speaker in self.clients:
            speaker.move(self.chance)
            self.answered += speaker.check()
        self.inside.turn(1)

    def strike(self) -> None:
        """Let somebody come, ask, vanish or die."""
        dice = self.chance.random()
        if len(self.clients) < CLIENTS:
            self.clients.append(Speaker(self.inside.client()))
        asker = self.chance.choice(self.clients)
        if dice < 0.2 and len(asker.owed) < 4:
            asker.ask(self.chance)
        elif dice < 0.21:
            self.clients.remove(asker)
            asker.sock.close()
        elif dice < 0.215 and self.servers:
            self.servers.pop().sock.close()

    def calm(self) -> None:
        """Let everybody have what is owed."""
        while any(client.owed for client in self.clients):
            self.turn()


def test_a_storm_of_large_values_mixes_nothing_up_and_leaves_nothing() -> None:
    gc.collect()
    with Inside() as inside:
        before = held_bytes(), descriptors(os.getpid())
        storm = Storm(inside)
        for _ in range(TURNS):
            storm.strike()
            storm.turn()
        storm.calm()
        assert storm.answered > TURNS // 30
        for speaker in storm.clients + storm.servers:
            speaker.sock.close()
        inside.turn()
        assert len(pipe.RACK.spare) == pipe.RACK.total
        numbers = [
            inside.block(1).get(number)
            for number in (slot.CLIENT_RESPONSES, slot.CLIENT_ERRORS, slot.ABANDONED)
        ]
        assert inside.block(1).get(slot.CLIENT_REQUESTS) == sum(numbers)
        for _ in range(2):
            inside.process.drop_spare()
        assert pipe.RACK.total == 0
        assert held_bytes() <= before[0] + ALLOWED
        assert descriptors(os.getpid()) <= before[1]
