"""What Redis and memcached have in common: lent scanners, last words, all servers."""

from collections.abc import Callable

import pytest

from tests.support.simulation import Far, Simulation
from tests.support.wire import resp
from twemproxy.stats import slot

OKAY = b"+OK\r\n"
HALF = {True: resp("GET", "key")[:-4], False: b"get ke"}
REST = {True: resp("GET", "key")[-4:], False: b"y\r\n"}
OTHER = {True: resp("GET", "other"), False: b"get other\r\n"}
# What is no request, and what it is told; memcached's words depend on how it began.
STRANGE = {True: b"\x16\x03\x01", False: b"\x80\x01"}
LAST = {
    True: b"-ERR Protocol error: byte 22 begins no request\r\n",
    False: b"ERROR\r\n",
}

both = pytest.mark.parametrize("redis", [True, False], ids=["redis", "memcache"])


def heard(simulation: Simulation) -> list[bytes]:
    """What each server was sent by now."""
    return [bytes(server.listen()) for server in simulation.dialled]


def ask(simulation: Simulation, *pieces: tuple[Far, bytes]) -> None:
    """Have clients send in turn."""
    for client, data in pieces:
        client.say(data)
        simulation.tick(4)


@both
def test_halves_of_requests_keep_to_their_clients(redis: bool) -> None:
    simulation = Simulation(1, redis=redis)
    with simulation.running():
        a, b, c = (simulation.client() for _ in range(3))
        half, rest, other = HALF[redis], REST[redis], OTHER[redis]
        ask(simulation, (a, half), (b, half), (c, other), (b, rest), (a, rest))
        assert heard(simulation) == [other + 2 * (half + rest)]


@both
def test_who_leaves_with_half_a_request_leaves_none_of_it(redis: bool) -> None:
    simulation = Simulation(1, redis=redis)
    with simulation.running():
        a, b = simulation.client(), simulation.client()
        ask(simulation, (a, HALF[redis]))
        a.close()
        simulation.tick(2)
        ask(simulation, (b, OTHER[redis]))
        assert heard(simulation) == [OTHER[redis]]


@both
def test_what_is_no_request_ends_its_client_and_disturbs_no_other(redis: bool) -> None:
    simulation = Simulation(1, redis=redis)
    with simulation.running():
        a, b = simulation.client(), simulation.client()
        ask(simulation, (b, HALF[redis]), (a, OTHER[redis] + STRANGE[redis]))
        assert a.listen() == b""  # what came before has its turn
        simulation.dialled[0].say(b"$-1\r\n" if redis else b"END\r\n")
        simulation.tick(4)
        first = b"$-1\r\n" if redis else b"END\r\n"
        assert a.listen().startswith(first)
        assert a.ended
        assert simulation.count(slot.PROTOCOL_ERRORS) == 1
        ask(simulation, (b, REST[redis]))
        assert heard(simulation) == [OTHER[redis] + HALF[redis] + REST[redis]]


@both
def test_the_limits_of_now_are_for_requests_that_begin_now(redis: bool) -> None:
    simulation = Simulation(1, redis=redis)
    pool = simulation.pool
    data = b"x" * 200
    long = resp("SET", "k", data) if redis else b"set k 0 0 200\r\n%b\r\n" % data
    with simulation.running():
        a, b = simulation.client(), simulation.client()
        ask(simulation, (a, long[:100]))
        pool.adopt(pool.config._replace(max_request_bytes=50), [simulation.block(2)])
        ask(simulation, (a, long[100:]), (b, long))
        assert heard(simulation) == [long]
        assert not a.listen()
        assert (b"of more than 50" if redis else b"too large") in b.listen()


# All servers.

DBSIZE = resp("DBSIZE")
Lose = Callable[[Simulation], None]


def close(simulation: Simulation) -> None:
    """Let the first server close its connection."""
    simulation.dialled[0].close()


def fail(simulation: Simulation) -> None:
    """Let it say an error."""
    simulation.dialled[0].say(b"-ERR bad\r\n")


@pytest.mark.parametrize(
    ("lose", "reply"),
    [(close, b"-ERR Connection reset by peer\r\n"), (fail, b"-ERR bad\r\n")],
)
def test_one_server_that_fails_speaks_for_all_when_all_are_done(
    lose: Lose, reply: bytes
) -> None:
    simulation = Simulation(2)
    with simulation.running():
        client = simulation.client()
        ask(simulation, (client, DBSIZE))
        assert heard(simulation) == [DBSIZE, DBSIZE]
        assert simulation.count(slot.FRAGMENTS) == 2
        lose(simulation)
        simulation.tick(4)
        assert client.listen() == b""
        simulation.dialled[1].say(b":5\r\n")
        simulation.tick(4)
        assert client.listen() == reply
        assert simulation.count(slot.CLIENT_ERRORS) == 1


def test_replies_of_all_servers_are_one_whichever_comes_first() -> None:
    simulation = Simulation(2)
    with simulation.running():
        client = simulation.client()
        ask(simulation, (client, DBSIZE + resp("PING")))
        for server, count in ((1, 5), (0, 7)):
            assert client.listen() == b""
            simulation.dialled[server].say(b":%d\r\n" % count)
            simulation.tick(4)
        assert client.listen() == b":12\r\n+PONG\r\n"


def test_who_left_has_asked_all_servers_for_nobody() -> None:
    simulation = Simulation(2)
    with simulation.running():
        leaver, stayer = simulation.client(), simulation.client()
        ask(simulation, (leaver, resp("PING") + DBSIZE), (stayer, DBSIZE))
        leaver.close()  # with a reply unread: in a hurry
        simulation.tick(2)
        assert simulation.count(slot.ABANDONED) == 1
        for server in simulation.dialled:
            server.say(b":1\r\n:2\r\n")
        simulation.tick(4)
        assert stayer.listen() == b":4\r\n"


def test_without_servers_nobody_is_asked() -> None:
    simulation = Simulation(1, auto_eject_hosts=True, server_failure_limit=1)
    with simulation.running():
        client = simulation.client()
        ask(simulation, (client, resp("GET", "k")))
        simulation.dialled[0].close()
        simulation.tick(4)
        client.listen()
        client.heard.clear()
        ask(simulation, (client, DBSIZE))
        assert client.listen() == b"-ERR Connection refused\r\n"
        assert simulation.count(slot.FRAGMENTS) == 0
