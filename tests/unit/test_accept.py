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
from twemproxy.proxy.balance import Balance
from twemproxy.stats import slot
from twemproxy.stats.counters import Block

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


@pytest.mark.parametrize(("clients", "of_a_pool"), [(1, 0), (9, 1)])
def test_the_process_counts_whom_it_has_no_descriptor_for_the_pool_everybody(
    clients: int, of_a_pool: int
) -> None:
    simulation = Simulation(1, client_connections=of_a_pool)
    simulation.process.max_clients = clients
    with simulation.running():
        simulation.client()
        simulation.client()
    assert simulation.count(slot.CLIENT_REFUSED) == 1
    assert simulation.block(0).get(slot.REFUSED_CLIENTS) == int(clients == 1)


class Watched(Balance):
    """Of a worker beside another one, which sees what we have when we look at it."""

    __slots__ = ("seen",)

    seen: list[int]

    def elsewhere(self, block: Block, number: int) -> int:
        """Add up, and take down what is our own by then."""
        self.seen.append(block.get(number))
        return super().elsewhere(block, number)


def test_who_looks_for_room_for_a_client_has_counted_it_already() -> None:
    """Else two workers take the last place, each for a client of its own."""
    simulation = Simulation(1, client_connections=1)
    balance = Watched(simulation.block(0), [])
    balance.seen = []
    simulation.listener.balance = balance
    with simulation.running():
        simulation.client()
        simulation.client()
    assert balance.seen == [1, 2]
    assert simulation.count(slot.CLIENT_REFUSED) == 1


def test_a_listener_that_ends_knows_who_is_with_other_workers() -> None:
    simulation = Simulation(1, client_connections=1)
    other = memoryview(bytearray(2 * 8 * slot.SLOTS)).cast("q")
    other[slot.SLOTS + slot.CLIENT_CONNECTIONS] = 1
    balance = Balance(simulation.block(0), [other])
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    fd = socket.socket().detach()
    ending = listener.Listener(simulation.process, simulation.pool, fd, balance)
    simulation.reactor.register(ending)
    answers = [ours.detach(), outcome.AGAIN]
    with (
        simulation.running(),
        mock.patch.object(listener, "accept", side_effect=answers),
    ):
        ending.finish()
        assert theirs.recv(1) == b""
    theirs.close()
    assert simulation.count(slot.CLIENT_REFUSED) == 1
    assert simulation.count(slot.CLIENT_CONNECTIONS) == 0
