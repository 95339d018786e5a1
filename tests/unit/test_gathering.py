"""In a crowd, what is for the servers gathers for a few ticks, never for longer."""

import pytest

from tests.support.simulation import Simulation
from twemproxy.net import outcome
from twemproxy.net.poller import Poller
from twemproxy.net.reactor import Handler, Reactor

CLIENT, SERVER = 3, 4
CROWD, PLENTY, HEAVY = 8, 100, 4  # as in the module


class Script(Poller):
    """Reports as many events of the client as the test wants."""

    def __init__(self) -> None:
        self.events = 1
        self.breaths: list[int] = []

    def add(self, fd: int) -> None:
        """Watch nothing."""

    def wait(self, timeout_ms: int) -> int:
        """Report what the test wants."""
        return self.events

    def fd(self, i: int) -> int:
        """Return the client: nobody else has events."""
        return CLIENT

    def flags(self, i: int) -> int:
        """Return that it can be read."""
        return outcome.READ

    def breathe(self, time_us: int) -> None:
        """Take no time, and remember."""
        self.breaths.append(time_us)


class Peer(Handler):
    """Counts its flushes; a client's event is a request for the server."""

    def __init__(self, reactor: Reactor, fd: int, server: "Peer | None") -> None:
        Handler.__init__(self, fd, 0 if server is None else 1)
        self.reactor = reactor
        self.server = server
        self.flushes = 0
        reactor.register(self)

    def on_event(self, flags: int) -> None:
        """Receive something and ask the server."""
        if self.server is not None:
            self.reactor.slab.used += 10
            self.reactor.flush_later(self.server)
            self.reactor.flush_later(self)

    def flush(self) -> None:
        """Count."""
        self.flushes += 1


def a_loop(under_way: int) -> tuple[Reactor, Script, Peer, Peer]:
    poller = Script()
    reactor = Reactor(poller)
    server = Peer(reactor, SERVER, None)
    client = Peer(reactor, CLIENT, server)
    reactor.under_way = under_way
    reactor.askers = under_way
    return reactor, poller, server, client


def test_without_a_crowd_every_tick_writes_to_servers() -> None:
    reactor, _, server, client = a_loop(7)
    for _ in range(8):
        reactor.tick(0)
    assert (server.flushes, client.flushes) == (8, 8)


def test_in_a_crowd_servers_are_written_to_every_fourth_tick() -> None:
    reactor, _, server, client = a_loop(50)
    for _ in range(8):
        reactor.tick(0)
    assert (server.flushes, client.flushes) == (2, 8)


def test_what_waits_for_a_server_stays_in_the_slab() -> None:
    reactor, _, server, _ = a_loop(50)
    reactor.tick(0)
    assert (server.flushes, reactor.slab.used) == (0, 10)
    assert reactor.timeout_ms() == 0  # the next look does not sleep


def test_a_tick_that_finds_nothing_ends_the_gathering() -> None:
    reactor, poller, server, _ = a_loop(50)
    reactor.tick(0)
    poller.events = 0
    reactor.tick(0)
    assert (server.flushes, reactor.slab.used) == (1, 0)


def test_a_tick_that_finds_much_ends_the_gathering() -> None:
    reactor, poller, server, _ = a_loop(50)
    poller.events = 50
    reactor.tick(0)
    reactor.tick(0)
    assert server.flushes == 1


def test_after_a_tick_that_moved_many_requests_nobody_sleeps() -> None:
    reactor, poller, server, _ = a_loop(50)
    reactor.tick(0)
    assert poller.breaths == [8]
    reactor.moved = 100
    reactor.tick(0)
    assert (poller.breaths, server.flushes) == ([8], 0)  # but servers wait
    reactor.moved = 99
    reactor.tick(0)
    assert (poller.breaths, reactor.moved) == ([8, 8], 0)


def test_after_a_tick_that_moved_some_parts_of_split_requests_nobody_sleeps() -> None:
    reactor, poller, _, _ = a_loop(50)
    for parts, breaths in [(PLENTY // HEAVY, []), (PLENTY // HEAVY - 1, [8])]:
        for _ in range(parts):
            reactor.count_moved(True)
        reactor.tick(0)
        assert poller.breaths == breaths


@pytest.mark.parametrize(
    ("redis", "request_", "counted"),
    [
        (True, b"GET a\r\n", 1),
        (True, b"MGET k0 k1 k2\r\n", 2 * HEAVY),
        (False, b"get k0 k1 k2\r\n", 2 * HEAVY),
        (False, b"delete a\r\n", 1),
    ],
)
def test_a_part_of_a_split_request_is_heavy(
    redis: bool, request_: bytes, counted: int
) -> None:
    simulation = Simulation(2, redis=redis, distribution="modula")
    with simulation.running():
        simulation.client().say(request_)
        simulation.tick()
        assert simulation.reactor.moved == counted


def test_parts_that_share_lines_are_not() -> None:
    simulation = Simulation(2, redis=False, distribution="modula")
    with simulation.running():
        clients = [simulation.client() for _ in range(CROWD + 1)]
        for client in clients:
            client.say(b"get k0 k1 k2\r\n")
            simulation.tick()
        assert simulation.reactor.moved == 2


def test_with_more_to_read_nobody_sleeps() -> None:
    reactor, poller, _, client = a_loop(50)
    reactor.read_later(client)
    reactor.tick(0)
    assert not poller.breaths
    reactor.tick(0)
    assert poller.breaths == [8]


def test_a_breath_grows_with_how_many_requests_wait_and_for_how_long() -> None:
    reactor, _, _, _ = a_loop(64)
    assert reactor.breath_us() == 8
    for wait_us, breath_us in [(200, 8), (1630, 160), (1_000_000, 400), (990, 80)]:
        for _ in range(2000):
            reactor.learn_wait(wait_us)
        assert abs(reactor.breath_us() - breath_us) <= 1
    reactor.under_way *= 4
    assert reactor.breath_us() == 990 // 8  # of the wait, at most
    reactor.under_way = 8
    assert reactor.breath_us() == 10


def test_the_loop_goes_by_the_fastest_server() -> None:
    reactor, _, _, _ = a_loop(500)
    for _ in range(100):
        for _ in range(10):
            reactor.learn_wait(1_000_000)
        reactor.learn_wait(300)
    assert reactor.breath_us() == 8
    for _ in range(1000):
        reactor.learn_wait(1_000_000)
    assert reactor.breath_us() == 400


def test_a_server_knows_how_long_its_answers_usually_take() -> None:
    server = Simulation(1).pool.servers[0]
    for taken_us in (500, 20_000, 40):
        for _ in range(1000):
            usual_us = server.on_answer(taken_us)
        assert abs(usual_us - taken_us) <= 1
