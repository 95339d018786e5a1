"""In a crowd, the replies to a pipeline leave together; never much later for it."""

from collections.abc import Iterator

import pytest

from tests.support.simulation import Far, Simulation
from tests.support.wire import resp

GET = resp("GET", "k")
PIPELINE = 3 * GET
WAIT_US = 1000  # what requests have waited for servers of late
HELD_MS = 4


@pytest.fixture
def crowd() -> Iterator[tuple[Simulation, list[Far]]]:
    """Nine clients with three requests each under way, the first client's first."""
    simulation = Simulation(1)
    with simulation.running():
        clients = [simulation.client() for _ in range(9)]
        for client in clients:
            client.say(PIPELINE)
            simulation.tick(4)
        simulation.reactor.wait_us = WAIT_US
        simulation.pool.servers[0].waits_us = 64 * WAIT_US
        yield simulation, clients


def answer(simulation: Simulation, replies: bytes) -> None:
    """Let the server say this, and the loop turn once."""
    simulation.dialled[0].say(replies)
    simulation.tick()


def test_the_replies_to_a_pipeline_leave_together(
    crowd: tuple[Simulation, list[Far]],
) -> None:
    simulation, (first, second, *_) = crowd
    answer(simulation, b"+1\r\n")
    answer(simulation, b"+2\r\n")
    assert not first.listen()
    answer(simulation, b"+3\r\n+4\r\n")
    assert first.listen() == b"+1\r\n+2\r\n+3\r\n"
    assert not second.listen()


def test_what_is_held_leaves_when_a_tick_finds_nothing(
    crowd: tuple[Simulation, list[Far]],
) -> None:
    simulation, (first, *_) = crowd
    answer(simulation, b"+1\r\n")
    simulation.tick()
    assert first.listen() == b"+1\r\n"


def test_what_is_held_leaves_after_four_times_the_usual_wait(
    crowd: tuple[Simulation, list[Far]],
) -> None:
    simulation, (first, *_, last) = crowd
    answer(simulation, b"+1\r\n")
    for _ in range(HELD_MS - 1):
        last.say(b"*")
        simulation.pass_time(1)
        assert not first.listen()
    last.say(b"*")
    simulation.pass_time(1)
    assert first.listen() == b"+1\r\n"


def test_a_loop_that_holds_replies_does_not_sleep_for_long(
    crowd: tuple[Simulation, list[Far]],
) -> None:
    simulation, _ = crowd
    simulation.tick()
    assert simulation.reactor.timeout_ms() > 1
    answer(simulation, b"+1\r\n")
    assert simulation.reactor.timeout_ms() == 1


def test_who_asks_again_before_all_is_answered_waits_for_nothing(
    crowd: tuple[Simulation, list[Far]],
) -> None:
    simulation, (first, *_) = crowd
    answer(simulation, b"+1\r\n")
    simulation.tick()
    first.say(GET)
    simulation.tick()
    answer(simulation, b"+2\r\n")
    assert first.listen() == b"+1\r\n+2\r\n"


def test_large_replies_are_not_held(crowd: tuple[Simulation, list[Far]]) -> None:
    simulation, (first, *_) = crowd
    reply = b"$20000\r\n" + bytes(20000) + b"\r\n"
    answer(simulation, reply)
    assert first.listen() == reply


def test_with_fewer_than_eight_clients_nothing_is_held(
    crowd: tuple[Simulation, list[Far]],
) -> None:
    simulation, (first, second, third, *_) = crowd
    answer(simulation, b"+1\r\n+2\r\n+3\r\n+4\r\n")
    assert first.listen() == b"+1\r\n+2\r\n+3\r\n"
    assert not second.listen()  # for eight of them still wait
    answer(simulation, b"+5\r\n+6\r\n+7\r\n")
    assert second.listen() == b"+4\r\n+5\r\n+6\r\n"
    assert third.listen() == b"+7\r\n"


def test_clients_that_wait_are_counted_to_their_end(
    crowd: tuple[Simulation, list[Far]],
) -> None:
    simulation, clients = crowd
    assert simulation.reactor.askers == len(clients)
    answer(simulation, b"+1\r\n+2\r\n+3\r\n+4\r\n")
    assert simulation.reactor.askers == len(clients) - 1
    for client in clients:
        client.listen()
        client.close()
    answer(simulation, 5 * b"+5\r\n")  # two of them are found to be gone
    simulation.tick(4)
    assert simulation.reactor.askers == len(clients) - 3
    answer(simulation, 18 * b"+6\r\n")
    simulation.tick(4)
    assert simulation.reactor.askers == 0


def test_a_client_that_goes_while_its_replies_are_held(
    crowd: tuple[Simulation, list[Far]],
) -> None:
    simulation, (first, second, *_) = crowd
    answer(simulation, b"+1\r\n")
    first.close()
    simulation.tick()
    answer(simulation, b"+2\r\n+3\r\n+4\r\n+5\r\n+6\r\n")
    assert second.listen() == b"+4\r\n+5\r\n+6\r\n"
