"""What a pool believes of its servers: whether they speak RESP3, and until when."""

import pytest

from tests.support.simulation import Far, Simulation
from tests.support.wire import resp

HELLO = resp("HELLO", "3")
AGREED = b"%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.0.0\r\n"
UNKNOWN = b"-ERR unknown command `HELLO`, with args beginning with: `3`, \r\n"
FULL = b"-ERR max number of clients reached\r\n"
WANTS_PASSWORD = b"-NOAUTH HELLO must be called with the client authenticated\r\n"
REFUSED = b"-NOPROTO unsupported protocol version\r\n"
MINUTE_MS = 60_000


def greet(simulation: Simulation, answer: bytes) -> Far:
    """Have a new client say HELLO, and the next server that is asked answer so."""
    before = len(simulation.dialled)
    client = simulation.client()
    client.say(HELLO)
    simulation.tick(4)
    for server in simulation.dialled[before:]:
        assert server.listen() == HELLO
        server.say(answer)
    simulation.tick(4)
    return client


def agrees(client: Far) -> bool:
    """Tell whether a client was told that RESP3 is spoken."""
    return client.listen().startswith(b"%7\r\n")


def test_a_refusal_is_believed_for_a_minute() -> None:
    simulation = Simulation(1)
    with simulation.running():
        assert greet(simulation, UNKNOWN).listen() == REFUSED
        simulation.pass_time(MINUTE_MS - 1)
        assert greet(simulation, AGREED).listen() == REFUSED
        assert len(simulation.dialled) == 1
        simulation.pass_time(1)
        assert agrees(greet(simulation, AGREED))


def test_a_refusal_is_not_believed_of_other_servers() -> None:
    simulation = Simulation(1)
    with simulation.running():
        assert greet(simulation, UNKNOWN).listen() == REFUSED
        simulation.pool.adopt(simulation.pool.config, [simulation.block(2)])
        assert agrees(greet(simulation, AGREED))


def test_who_has_agreed_is_not_asked_again_after_a_reload() -> None:
    simulation = Simulation(1)
    with simulation.running():
        assert agrees(greet(simulation, AGREED))
        simulation.pool.adopt(simulation.pool.config, [simulation.block(2)])
        assert agrees(greet(simulation, b""))
        assert len(simulation.dialled) == 1


@pytest.mark.parametrize("answer", [FULL, b"-LOADING Redis is loading\r\n"])
def test_a_server_that_cannot_answer_now_has_not_refused(answer: bytes) -> None:
    simulation = Simulation(2)
    with simulation.running():
        client = greet(simulation, answer)
        first, second = simulation.dialled
        assert first.listen() == HELLO
        assert first.ended
        assert second.listen() == HELLO
        second.say(AGREED)
        simulation.tick(4)
        assert agrees(client)


def test_a_client_is_believed_when_no_server_can_answer_now() -> None:
    simulation = Simulation(1)
    with simulation.running():
        client = greet(simulation, FULL)
        assert agrees(client)
        client.say(resp("GET", "k"))
        simulation.tick(4)
        simulation.dialled[1].say(FULL)
        client.heard.clear()
        simulation.tick(4)
        assert client.listen() == FULL


def test_a_server_that_a_reload_took_away_is_not_asked() -> None:
    simulation = Simulation(2)
    with simulation.running():
        greet(simulation, b"")
        (asked,) = simulation.attempts
        config = simulation.pool.config
        (row,) = [row for row in config.servers if row.port == asked[1]]
        counters = [simulation.block(2 + row.port)]
        simulation.pool.adopt(config._replace(servers=(row,)), counters)
        simulation.dialled[0].close()
        simulation.tick(4)
        assert simulation.attempts == [asked]


def test_a_connection_that_lacks_a_password_is_not_taken_for_one_of_resp3() -> None:
    simulation = Simulation(1)
    with simulation.running():
        client = greet(simulation, WANTS_PASSWORD)
        assert agrees(client)
        assert simulation.dialled[0].listen() == HELLO
        assert simulation.dialled[0].ended
        client.heard.clear()
        for answer, heard in [
            (WANTS_PASSWORD, b"-NOAUTH Authentication required\r\n"),
            (AGREED + b"_\r\n", b"_\r\n"),  # the password is gone
        ]:
            client.say(resp("GET", "k"))
            simulation.tick(4)
            simulation.dialled[-1].say(answer)
            simulation.tick(4)
            assert client.listen() == heard
            client.heard.clear()
        assert len(simulation.dialled) == 3


def test_attributes_in_front_of_an_answer_are_no_refusal() -> None:
    simulation = Simulation(1)
    with simulation.running():
        assert agrees(greet(simulation, b"|1\r\n+key\r\n+value\r\n" + AGREED))
