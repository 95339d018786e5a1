"""What a server says unasked is nobody's, not even who asks before its end."""

import pytest

from tests.support.simulation import Far, Simulation
from tests.support.wire import resp

HELLO = resp("HELLO", "3")
AGREED = b"%1\r\n$7\r\nversion\r\n$5\r\n7.0.0\r\n"
NEWS = b">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n"
WRONG = b"-ERR Invalid argument\r\n"
GET = resp("GET", "k")


def newer_client(simulation: Simulation) -> Far:
    """Let a client come that speaks RESP3, and has had a reply."""
    client = simulation.client()
    client.say(HELLO)
    simulation.tick(4)
    simulation.dialled[0].say(AGREED)
    simulation.tick(4)
    client.say(GET)
    simulation.tick(4)
    simulation.dialled[0].say(b"_\r\n")
    simulation.tick(4)
    assert client.listen().endswith(b"_\r\n")
    client.heard.clear()
    return client


@pytest.mark.parametrize("stray", [b"$6\r\nse", b"$", b"|1\r\n+ttl\r\n", b"*1\r\n"])
def test_who_is_silent_says_nothing_to_the_next_who_asks(stray: bytes) -> None:
    simulation = Simulation(1)
    with simulation.running():
        client = newer_client(simulation)
        (server,) = simulation.dialled
        server.say(stray)
        simulation.tick(2)
        server.listen()
        assert server.ended
        client.say(GET)
        simulation.tick(4)
        assert simulation.dialled[1].listen() == HELLO + GET


@pytest.mark.parametrize("cut", range(len(NEWS)))
def test_news_may_begin_before_a_request_and_end_behind_it(cut: int) -> None:
    simulation = Simulation(1)
    with simulation.running():
        client = newer_client(simulation)
        (server,) = simulation.dialled
        server.say(NEWS[:cut])
        simulation.tick(2)
        client.say(GET)
        simulation.tick(4)
        server.say(NEWS[cut:] + b"$3\r\nyes\r\n")
        simulation.tick(4)
        assert client.listen() == b"$3\r\nyes\r\n"


@pytest.mark.parametrize(
    ("ask", "reply", "wrong"),
    [
        (GET, b"$6\r\nsecret\r\n", WRONG),
        (
            b"get k\r\n",
            b"VALUE k 0 6\r\nsecret\r\nEND\r\n",
            b"SERVER_ERROR Invalid argument\r\n",
        ),
    ],
)
def test_a_reply_begun_before_its_request_is_sent_is_none(
    ask: bytes, reply: bytes, wrong: bytes
) -> None:
    simulation = Simulation(1, redis=ask == GET)
    with simulation.running():
        client = simulation.client()
        client.say(ask)
        simulation.tick(4)
        (server,) = simulation.dialled
        server.say(reply)
        simulation.tick(4)
        assert client.listen() == reply
        client.heard.clear()
        client.say(ask)  # is read in the same tick, before it
        server.say(reply[:9])
        simulation.tick(1)
        server.say(reply[9:])
        simulation.tick(4)
        assert client.listen() == wrong


@pytest.mark.parametrize(
    ("ask", "taken"),
    [
        (b"mg k v\r\n", True),
        (b"ma k N0 v\r\n", True),
        (b"mg k t v q\r\n", True),
        (b"mg k\r\n", False),
        (b"mg v s\r\n", False),
        (b"ma k N0\r\n", False),
        (b"md k q\r\n", False),
        (b"ms k 1 T0\r\nv\r\n", False),
    ],
)
def test_a_meta_command_gets_no_value_unless_asked_for(ask: bytes, taken: bool) -> None:
    simulation = Simulation(1, redis=False)
    with simulation.running():
        client = simulation.client()
        client.say(ask)
        simulation.tick(4)
        value = b"VA 6\r\nsecret\r\n"
        simulation.dialled[0].say(value + (b"MN\r\n" if b" q" in ask else b""))
        simulation.tick(4)
        wrong = b"SERVER_ERROR Invalid argument\r\n"
        assert client.listen() == (value if taken else wrong)
