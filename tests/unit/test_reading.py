"""What has arrived is received in few turns of the loop, wherever it was cut before."""

from collections.abc import Iterator

import pytest

from tests.support.simulation import Simulation
from tests.support.wire import resp
from twemproxy import limits
from twemproxy.stats import slot

COUNT = 4  # as many as a new client may have under way
SIZES = (5_000, 10_240, 20_000)


def dialogue(redis: bool, size: int) -> tuple[bytes, bytes]:
    """Return a request and its reply."""
    if redis:
        return resp("GET", "k"), b"$%d\r\n%b\r\n" % (size, bytes(size))
    return b"get k\r\n", b"VALUE k 0 %d\r\n%b\r\nEND\r\n" % (size, bytes(size))


@pytest.fixture(params=[True, False], ids=["redis", "memcached"])
def simulation(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    """One pool with one server."""
    simulation = Simulation(1, redis=request.param)
    with simulation.running():
        yield simulation


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("late", [0, 1, 5, 9, 4500])
def test_values_cut_anywhere_do_not_make_the_next_ones_slow(
    simulation: Simulation, size: int, late: int
) -> None:
    request, reply = dialogue(simulation.pool.config.redis, size)
    replies = COUNT * reply
    client = simulation.client()
    client.say(COUNT * request)
    simulation.tick(4)
    (server,) = simulation.dialled
    assert len(server.listen()) == COUNT * len(request)
    cut = len(reply) - late
    server.say(replies[:cut])
    simulation.tick(2)
    server.say(replies[cut:])
    simulation.tick()
    if client.listen() != replies:  # the end of the first one was received by itself
        simulation.tick()
    assert client.listen() == replies


@pytest.mark.parametrize("late", [0, 1, 2, 9, 30, 8000])
def test_what_a_client_sends_at_once_is_heard_at_once(
    simulation: Simulation, late: int
) -> None:
    value = bytes(20_000)
    request = resp("SET", "k", value, "EX", "60")
    if not simulation.pool.config.redis:
        request = b"set k 0 0 20000\r\n%b\r\n" % value
    client = simulation.client()
    cut = len(request) - late
    client.say((COUNT * request)[:cut])
    simulation.tick(2)
    client.say((COUNT * request)[cut:])
    simulation.tick(3)
    (server,) = simulation.dialled
    assert server.listen() == COUNT * request


def test_nobody_asks_for_more_in_a_turn_than_for_what_can_be_sent() -> None:
    simulation = Simulation(1)
    with simulation.running():
        greedy, other = simulation.client(), simulation.client()
        simulation.tick(2)
        greedy.say(resp("COMMAND", "DOCS") * 1000)
        other.say(resp("PING"))
        simulation.tick()
        assert other.listen() == b"+PONG\r\n"
        assert simulation.count(slot.LOCAL_ANSWERS) < 10
        heard = 0
        while simulation.count(slot.LOCAL_ANSWERS) < 1001 or greedy.listen():
            heard += len(greedy.listen())
            greedy.heard.clear()
            simulation.tick()
        assert heard % 1000 == 0
        assert heard > 10_000_000


@pytest.mark.parametrize(
    "words", [("SETNAME",), ("SETINFO", "LIB-NAME"), ("SETINFO", "LIB-VER")]
)
def test_what_a_client_says_of_itself_is_kept_up_to_a_limit(
    words: tuple[str, ...],
) -> None:
    most = limits.MAX_NAME_BYTES
    simulation = Simulation(1)
    with simulation.running():
        client = simulation.client()
        client.say(resp("CLIENT", *words, "x" * most))
        client.say(resp("CLIENT", *words, "x" * (most + 1)))
        client.say(resp("HELLO", "2", "SETNAME", "x" * (most + 1)))
        simulation.tick(3)
        error = b"-ERR 1024 bytes are the most that is kept\r\n"
        assert client.listen() == b"+OK\r\n" + 2 * error
