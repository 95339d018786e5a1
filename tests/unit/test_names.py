"""Servers that have names: addresses in turn, failures for one server, moving."""

import errno

import pytest

from tests.support.simulation import Simulation
from tests.support.wire import resp
from twemproxy import limits
from twemproxy.proxy.server import CALM_FAILURES
from twemproxy.stats import slot

HOST = "name.test"
GET = resp("GET", "k")
DOWN = b"-ERR Host is down\r\n"
REFUSED = b"-ERR Connection refused\r\n"
RESET = b"-ERR Connection reset by peer\r\n"
TIMED_OUT = b"-ERR Connection timed out\r\n"


def answered(simulation: Simulation) -> bytes:
    """What a client gets when the server connected last answers."""
    client = simulation.client()
    client.say(GET)
    simulation.tick(6)
    simulation.dialled[-1].say(b"$1\r\nv\r\n")
    simulation.tick(2)
    return bytes(client.listen())


@pytest.mark.parametrize("how", ["refused", "failing"])
def test_all_addresses_are_tried_in_turn(how: str) -> None:
    simulation = Simulation(1, host=HOST)
    simulation.names[HOST] = ["::1", "10.0.0.1", "10.0.0.2"]
    getattr(simulation, how).update({"::1", "10.0.0.1"})
    with simulation.running():
        assert answered(simulation) == b"$1\r\nv\r\n"
    assert [host for host, _ in simulation.attempts] == simulation.names[HOST]
    assert simulation.block(2).get(slot.REQUESTS) == 1
    assert simulation.block(2).get(slot.SERVER_ERR) == 0


@pytest.mark.parametrize("how", ["refused", "failing"])
def test_the_last_address_says_how_it_failed(how: str) -> None:
    simulation = Simulation(1, host=HOST)
    simulation.names[HOST] = ["::1", "10.0.0.1"]
    getattr(simulation, how).update(simulation.names[HOST])
    with simulation.running():
        client = simulation.client()
        client.say(GET)
        simulation.tick(4)
        assert client.listen() == REFUSED
    assert simulation.block(2).get(slot.SERVER_ERR) == 1


def test_a_silent_address_has_its_share_of_the_time() -> None:
    simulation = Simulation(1, host=HOST, timeout_ms=400)
    simulation.names[HOST] = ["10.0.0.1", "10.0.0.2"]
    simulation.silent.add("10.0.0.1")
    with simulation.running():
        client = simulation.client()
        client.say(GET)
        simulation.tick(3)
        simulation.pass_time(199)
        assert len(simulation.attempts) == 1
        simulation.pass_time(2)
        assert len(simulation.attempts) == 2
        simulation.tick(3)
        simulation.dialled[-1].say(b"+late\r\n")
        simulation.tick(3)
        assert client.listen() == b"+late\r\n"


@pytest.mark.parametrize("silent", [False, True])
def test_no_timer_keeps_a_closed_connection_in_memory(silent: bool) -> None:
    """The second address has a turn that need not come any more."""
    simulation = Simulation(1, host=HOST)
    simulation.names[HOST] = ["10.0.0.1", "10.0.0.2"]
    if silent:
        simulation.silent.add("10.0.0.1")
    with simulation.running():
        simulation.client().say(GET)
        simulation.tick(3)
        (conn,) = simulation.pool.links
        conn.close(errno.ECONNRESET)
        calls = [timer.call for _, _, timer in simulation.reactor.timers]
        assert conn not in [getattr(call, "__self__", None) for call in calls]


def test_one_clock_covers_all_addresses() -> None:
    simulation = Simulation(1, host=HOST, timeout_ms=400)
    simulation.names[HOST] = ["10.0.0.1", "10.0.0.2"]
    simulation.silent.update(simulation.names[HOST])
    with simulation.running():
        client = simulation.client()
        client.say(GET)
        simulation.tick(3)
        simulation.pass_time(201)
        simulation.pass_time(198)
        assert client.listen() == b""
        simulation.pass_time(3)
        assert client.listen() == TIMED_OUT


def test_a_name_that_takes_its_time_stalls_nobody_else() -> None:
    simulation = Simulation(2, host=HOST, distribution="modula", timeout_ms=100)
    with simulation.running():
        client = simulation.client()
        client.say(GET + resp("PING"))
        simulation.tick(3)
        assert client.listen() == b""
        other = simulation.client()
        other.say(resp("PING"))
        simulation.tick(3)
        assert other.listen() == b"+PONG\r\n"
        simulation.pass_time(102)
        assert client.listen() == TIMED_OUT + b"+PONG\r\n"
        simulation.asked[0][1](["10.0.0.1"])  # too late for anybody
        assert simulation.attempts == []


def test_a_failing_name_is_asked_again_for_the_next_request() -> None:
    simulation = Simulation(1, host=HOST)
    simulation.names[HOST] = []
    with simulation.running():
        client = simulation.client()
        client.say(GET)
        simulation.tick(3)
        assert client.listen() == DOWN
        simulation.names[HOST] = ["10.0.0.1"]
        assert answered(simulation) == b"$1\r\nv\r\n"


def test_every_reconnect_asks_for_the_addresses() -> None:
    simulation = Simulation(1, host=HOST)
    with simulation.running():
        for address in ("10.0.0.1", "10.0.0.2", "::1"):
            simulation.names[HOST] = [address]
            assert answered(simulation) == b"$1\r\nv\r\n"
            assert simulation.attempts[-1][0] == address
            simulation.dialled[-1].close()
            simulation.tick(2)


def test_a_connection_leaves_an_address_that_its_name_has_lost() -> None:
    simulation = Simulation(1, host=HOST)
    simulation.names[HOST] = ["10.0.0.1"]
    with simulation.running():
        assert answered(simulation) == b"$1\r\nv\r\n"
        waiting = simulation.client()
        waiting.say(GET)
        simulation.tick(2)
        simulation.pass_time(limits.NAME_LIFETIME_MS + 1)
        simulation.names[HOST] = []
        simulation.pass_time(limits.NAME_LIFETIME_MS + 1)
        assert not simulation.dialled[0].ended
        simulation.names[HOST] = ["10.0.0.2"]
        simulation.pass_time(limits.NAME_LIFETIME_MS + 1)
        assert answered(simulation) == b"$1\r\nv\r\n"
        assert simulation.dialled[-1].host == "10.0.0.2"
        simulation.dialled[0].say(b"+owed\r\n")
        simulation.tick(3)
        assert waiting.listen() == b"+owed\r\n"
        simulation.dialled[0].listen()
        assert simulation.dialled[0].ended
    assert simulation.block(2).get(slot.SERVER_EOF) <= 1  # our own, at the end


def test_an_address_that_its_name_has_lost_fails_for_nobody_else() -> None:
    simulation = Simulation(1, host=HOST, auto_eject_hosts=True, server_failure_limit=1)
    simulation.names[HOST] = ["10.0.0.1"]
    with simulation.running():
        waiting = simulation.client()
        waiting.say(GET)
        simulation.tick(4)
        simulation.names[HOST] = ["10.0.0.2"]
        simulation.pass_time(limits.NAME_LIFETIME_MS + 1)
        simulation.dialled[0].close()
        simulation.tick(2)
        assert waiting.listen() == RESET
        assert answered(simulation) == b"$1\r\nv\r\n"
        assert simulation.dialled[-1].host == "10.0.0.2"
        assert simulation.block(2).get(slot.SERVER_ERR) == 1
        assert simulation.block(1).get(slot.SERVER_EJECTS) == 0


def test_who_still_connects_goes_on_with_the_addresses_of_now() -> None:
    simulation = Simulation(1, host=HOST)
    simulation.names[HOST] = ["10.0.0.1"]
    simulation.silent.add("10.0.0.1")
    with simulation.running():
        client = simulation.client()
        client.say(GET)
        simulation.tick(3)
        simulation.pass_time(limits.NAME_LIFETIME_MS + 1)
        assert len(simulation.attempts) == 1
        simulation.names[HOST] = ["10.0.0.2"]
        simulation.pass_time(limits.NAME_LIFETIME_MS + 1)
        assert [host for host, _ in simulation.attempts] == ["10.0.0.1", "10.0.0.2"]
        simulation.tick(3)
        simulation.dialled[-1].say(b"+late\r\n")
        simulation.tick(3)
        assert client.listen() == b"+late\r\n"
    assert simulation.block(2).get(slot.SERVER_ERR) == 0


def test_connections_that_cannot_be_added_leave_the_work_to_the_others() -> None:
    simulation = Simulation(1, server_connections=3)
    with simulation.running():
        assert answered(simulation) == b"$1\r\nv\r\n"
        simulation.refused.add(0)
        for _ in range(20):
            simulation.client().say(GET)
            simulation.tick(3)
        simulation.dialled[0].say(b"$1\r\nv\r\n" * 20)
        simulation.tick(3)
        heard = [bytes(client.listen()) for client in simulation.admitted[1:]]
        assert heard.count(REFUSED) == len(simulation.attempts) - 1 < 10
        assert heard.count(b"$1\r\nv\r\n") == 21 - len(simulation.attempts)


def test_connects_that_fail_again_and_again_are_spaced_until_one_succeeds() -> None:
    simulation = Simulation(1)
    simulation.refused.add(0)
    with simulation.running():
        client = simulation.client()
        for _ in range(100):
            client.say(GET)
            simulation.tick(2)
        assert client.listen() == REFUSED * 100
        assert len(simulation.attempts) == CALM_FAILURES + 1
        assert simulation.block(2).get(slot.CONNECTS) == CALM_FAILURES + 1
        for _ in range(200):
            client.say(GET)
            simulation.pass_time(100)
        tries = len(simulation.attempts)
        assert 20000 / 2000 <= tries <= 40
        client.heard.clear()
        simulation.refused.clear()
        simulation.pass_time(2001)
        assert answered(simulation) == b"$1\r\nv\r\n"
        simulation.dialled[-1].close()
        simulation.tick(2)
        assert answered(simulation) == b"$1\r\nv\r\n"
