"""What is counted as waiting for its turn is what waits, however long a client asks."""

from collections.abc import Iterator

import pytest

from tests.support.simulation import Simulation
from tests.support.wire import resp

ROUNDS = 20
WORDS = [f"k{number}" for number in range(20)]
OKAY = b"+OK\r\n"
BAD = b"-ERR bad\r\n"


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    """One pool with two servers."""
    simulation = Simulation(2)
    with simulation.running():
        yield simulation


def values(asked: bytes) -> bytes:
    """Answer an MGET with long values."""
    count = asked.count(b"\r\nk")
    return b"*%d\r\n" % count + count * (b"$99\r\n" + bytes(99) + b"\r\n")


def parked_after(simulation: Simulation, request: bytes, replies: list[bytes]) -> int:
    """Have a client ask that again and again, never owed nothing; what is counted.

    The servers give these replies, or values in place of an empty one.
    """
    far = simulation.client()
    far.say(request)
    simulation.tick(3)
    (client,) = simulation.pool.clients
    for _ in range(ROUNDS):
        far.say(request)
        asked = [bytes(server.listen()) for server in simulation.dialled]
        simulation.tick(3)
        for server, said, reply in zip(simulation.dialled, asked, replies, strict=True):
            server.heard.clear()
            server.say(reply or values(said))
            simulation.tick()
        assert client.in_flight == 1
        far.listen()
    return client.parked


def test_the_parts_of_a_reply_are_taken_off_whole(simulation: Simulation) -> None:
    assert parked_after(simulation, resp("MGET", *WORDS), [b"", b""]) == 0


@pytest.mark.parametrize("replies", [[BAD, b""], [b"", BAD], [BAD, BAD]])
def test_the_parts_of_a_failure_are_taken_off_whole(
    simulation: Simulation, replies: list[bytes]
) -> None:
    assert parked_after(simulation, resp("MGET", *WORDS), replies) == 0


def test_one_answer_for_many_parts_takes_them_off(simulation: Simulation) -> None:
    pairs = [word for key in WORDS for word in (key, "v")]
    assert parked_after(simulation, resp("MSET", *pairs), [OKAY, OKAY]) == 0


def test_what_waits_for_its_turn_is_counted(simulation: Simulation) -> None:
    client = simulation.client()
    client.say(resp("MGET", *WORDS))
    simulation.tick(3)
    first, second = simulation.dialled
    first.say(values(bytes(first.listen())))
    simulation.tick()
    (near,) = simulation.pool.clients
    assert near.parked == len(values(bytes(first.listen())))
    second.say(values(bytes(second.listen())))
    simulation.tick()
    assert near.parked == 0
