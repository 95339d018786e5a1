"""New limits of a pool count for the clients and server connections it has."""

import pytest

from tests.support.simulation import Simulation
from tests.support.wire import resp
from twemproxy.stats import slot

GET = resp("GET", "k")
TIMED_OUT = b"-ERR Connection timed out\r\n"


def adopt(simulation: Simulation, **settings: object) -> None:
    """Reload with other settings."""
    config = simulation.pool.config._replace(**settings)  # type: ignore[arg-type] # fields by name
    simulation.pool.adopt(config, [simulation.block(2)])


def requests_in(heard: bytes | bytearray) -> int:
    """Count the requests that a server has received."""
    return heard.count(GET)


def test_fewer_requests_in_flight_count_for_a_client_that_is_there() -> None:
    simulation = Simulation(1)
    with simulation.running():
        client = simulation.client()
        client.say(GET)
        simulation.tick(4)
        (server,) = simulation.dialled
        server.say(b"+1\r\n")
        simulation.tick(2)
        adopt(simulation, max_in_flight=2)
        client.say(GET * 9)
        simulation.tick(4)
        assert requests_in(server.listen()) == 1 + 2
        for _ in range(9):
            server.say(b"+1\r\n")
            simulation.tick(4)
        assert client.listen() == b"+1\r\n" * 10


def test_requests_in_flight_stay_and_more_may_follow_under_a_higher_limit() -> None:
    simulation = Simulation(1, max_in_flight=1)
    with simulation.running():
        client = simulation.client()
        client.say(GET * 100)
        simulation.tick(4)
        (server,) = simulation.dialled
        assert requests_in(server.listen()) == 1
        adopt(simulation, max_in_flight=64)
        for _ in range(100):
            server.say(b"+1\r\n")
            simulation.tick(4)
        assert client.listen() == b"+1\r\n" * 100
        assert simulation.count(slot.CLIENT_RESPONSES) == 100


def test_less_unread_output_counts_for_a_client_that_is_there() -> None:
    simulation = Simulation(1)
    with simulation.running():
        client = simulation.client()
        adopt(simulation, max_client_output_bytes=4096)
        client.say(resp("PING") * 5000)
        simulation.tick(20)
        (member,) = simulation.pool.clients
        assert member.held() < 3 * 65536
        assert member.output_limit == 4096


def test_a_shorter_timeout_counts_for_what_is_awaited() -> None:
    simulation = Simulation(1, timeout_ms=60_000)
    with simulation.running():
        client = simulation.client()
        client.say(GET)
        simulation.tick(4)
        adopt(simulation, timeout_ms=100)
        simulation.pass_time(50)
        assert client.listen() == b""
        simulation.pass_time(60)
        simulation.tick(2)
        assert client.listen() == TIMED_OUT


def test_a_shorter_timeout_counts_for_the_next_request() -> None:
    simulation = Simulation(1, timeout_ms=60_000)
    with simulation.running():
        client = simulation.client()
        client.say(GET)
        simulation.tick(4)
        simulation.dialled[0].say(b"+1\r\n")
        simulation.tick(2)
        adopt(simulation, timeout_ms=100)
        client.say(GET)
        simulation.tick(4)
        simulation.pass_time(110)
        simulation.tick(2)
        assert client.listen() == b"+1\r\n" + TIMED_OUT


@pytest.mark.parametrize("words", [("GET", "k"), ("SCRIPT", "KILL")])
def test_a_shorter_timeout_counts_on_connections_that_retire(
    words: tuple[str, ...],
) -> None:
    simulation = Simulation(1)
    with simulation.running():
        client = simulation.client()
        client.say(resp(*words))
        simulation.tick(4)
        adopt(simulation, redis_db=3)
        adopt(simulation, timeout_ms=100)
        simulation.pass_time(110)
        simulation.tick(2)
        assert client.listen() == TIMED_OUT


def test_fewer_server_connections_count_for_those_that_are_there() -> None:
    simulation = Simulation(1, server_connections=4)
    with simulation.running():
        for _ in range(4):
            simulation.client().say(GET)
            simulation.tick(4)
        for server in simulation.dialled[1:]:
            server.say(b"+1\r\n")
        simulation.tick(2)
        adopt(simulation, server_connections=2)
        simulation.tick(2)
        for server in simulation.dialled:
            server.listen()
        assert [server.ended for server in simulation.dialled] == [False] * 2 + [
            True
        ] * 2
        assert simulation.block(2).get(slot.SERVER_ERR) == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [(2, {"redis_db": 3}), (1, {"redis_db": 3}), (1, {"server_connections": 2})],
)
def test_no_read_overtakes_a_write_when_connections_change(
    before: int, after: dict[str, int]
) -> None:
    simulation = Simulation(1, server_connections=before)
    with simulation.running():
        client = simulation.client()
        client.say(resp("SET", "k", "new"))
        simulation.tick(4)
        adopt(simulation, **after)
        client.say(GET)
        simulation.tick(4)
        (former,) = simulation.dialled
        former.say(b"+OK\r\n")
        simulation.tick(5)
        assert former.listen() == resp("SET", "k", "new")
        assert former.ended == ("redis_db" in after)
        newer = simulation.dialled[1]
        select = resp("SELECT", "3") if "redis_db" in after else b""
        assert newer.listen() == select + GET
        newer.say((b"+OK\r\n" if select else b"") + b"$3\r\nnew\r\n")
        simulation.tick(3)
        assert client.listen() == b"+OK\r\n$3\r\nnew\r\n"


def test_who_waits_when_connections_stay_may_ask_more() -> None:
    simulation = Simulation(1)
    with simulation.running():
        client = simulation.client()
        client.say(GET)
        simulation.tick(4)
        adopt(simulation, timeout_ms=100)
        client.say(GET)
        simulation.tick(4)
        assert simulation.dialled[0].listen() == GET * 2


def test_no_timeout_any_more_counts_for_what_is_awaited() -> None:
    simulation = Simulation(1, timeout_ms=100)
    with simulation.running():
        client = simulation.client()
        client.say(GET)
        simulation.tick(4)
        adopt(simulation, timeout_ms=0)
        simulation.pass_time(60_000)
        simulation.tick(2)
        simulation.dialled[0].say(b"+late\r\n")
        simulation.tick(2)
        assert client.listen() == b"+late\r\n"


def test_where_no_password_is_asked_for_any_more_nobody_is_a_stranger() -> None:
    simulation = Simulation(1, redis_auth=b"password")
    with simulation.running():
        client = simulation.client()
        client.say(GET)
        simulation.tick(4)
        adopt(simulation, redis_auth=b"")
        client.say(GET)
        simulation.tick(4)
        simulation.dialled[0].say(b"+1\r\n")
        simulation.tick(2)
        assert client.listen() == b"-NOAUTH Authentication required\r\n+1\r\n"
