"""Who waits to be accepted is, whatever becomes of those in front."""

import errno
import socket
from unittest import mock

import pytest

from tests.support.simulation import Simulation
from tests.support.wire import resp
from twemproxy.net import outcome
from twemproxy.net.outcome import READ
from twemproxy.proxy import listener
from twemproxy.stats import slot

MAX_NUMBER = 2147483647


@pytest.mark.parametrize("number", [errno.ECONNABORTED, errno.EPERM])
def test_one_clients_trouble_does_not_hold_up_those_behind(number: int) -> None:
    simulation = Simulation(1)
    answers = [-number, -number, outcome.AGAIN]
    with mock.patch.object(listener, "accept", side_effect=answers) as accept:
        simulation.listener.on_event(READ)
    assert accept.call_count == len(answers)
    assert not simulation.listener.pausing


def test_a_listener_that_ends_asks_for_no_more_than_there_is() -> None:
    """However many might wait."""
    simulation = Simulation(1, backlog=MAX_NUMBER)
    fd = socket.socket().detach()
    ending = listener.Listener(simulation.process, simulation.pool, fd)
    simulation.reactor.register(ending)
    answers = [-errno.ECONNABORTED] * 3 * listener.MAX_ACCEPTS + [outcome.AGAIN]
    with mock.patch.object(listener, "accept", side_effect=answers) as accept:
        ending.finish()
    assert accept.call_count == len(answers)


def test_no_error_is_taken_for_having_to_wait() -> None:
    numbers = [-number for number in errno.errorcode]
    assert outcome.AGAIN not in numbers
    assert outcome.FULL not in numbers


@pytest.mark.parametrize(
    ("clients", "of_a_pool", "ended"), [(2, 0, True), (9, 1, False), (9, 9, False)]
)
def test_who_is_leaving_is_ended_if_that_makes_room_and_else_heard_out(
    clients: int, of_a_pool: int, ended: bool
) -> None:
    simulation = Simulation(1, client_connections=of_a_pool)
    simulation.process.max_clients = clients
    with simulation.running():
        leaver = simulation.client()
        leaver.say(resp("QUIT"))
        simulation.tick(3)
        simulation.client()
        assert len(simulation.process.leaving) == 1
        simulation.client()
        assert len(simulation.process.leaving) == 1 - ended
        assert simulation.count(slot.CLIENT_REFUSED) == int(of_a_pool == 1)
