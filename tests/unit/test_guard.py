"""When memory is short, what is under way still comes to its end."""

import re

import pytest

from tests.support.simulation import Far, Simulation
from tests.support.wire import resp
from twemproxy.limits import STALLED_MS
from twemproxy.net.ledger import held_bytes
from twemproxy.proxy import reason
from twemproxy.stats import slot

MIB = 1 << 20
CLIENTS = 10
VALUE = bytes(70_000)
KEYS = ["alpha", "beta", "gamma", "delta", "one", "two"]
RECHECK_MS = 20
PATIENCE = 100
PATIENCE_MS = 1000
MGET = re.compile(rb"\*(\d+)\r\n\$4\r\nMGET\r\n", re.IGNORECASE)


def found(count: int) -> bytes:
    """Return the reply to a request of so many keys."""
    return b"*%d\r\n" % count + count * (b"$%d\r\n%b\r\n" % (len(VALUE), VALUE))


def answer(simulation: Simulation, server: Far) -> None:
    """Reply to each request that a server has heard, as fast as it is read."""
    asked = [int(words) - 1 for words in MGET.findall(server.listen())]
    assert len(asked) == CLIENTS
    replies = b"".join(found(count) for count in asked)
    for _ in range(PATIENCE):
        replies = replies[server.say(replies[:65536]) :]
        simulation.tick(4)
        simulation.pass_time(RECHECK_MS)
        for client in simulation.admitted:
            client.listen()
    assert not replies


@pytest.mark.parametrize("redis", [True, False])
def test_a_pool_that_nobody_has_asked_holds_nothing(redis: bool) -> None:
    simulation = Simulation(1, redis=redis)
    assert held_bytes() == simulation.baseline


def test_clients_that_wait_for_parts_of_replies_do_not_wait_for_each_other() -> None:
    """Each holds one part of its reply, and memory is short because of those."""
    simulation = Simulation(2, max_process_bytes=MIB)
    with simulation.running():
        simulation.watch()
        for _ in range(CLIENTS):
            simulation.client().say(resp("MGET", *KEYS))
        simulation.tick(4)
        one, other = simulation.dialled
        answer(simulation, one)
        assert held_bytes() > MIB
        answer(simulation, other)
        assert all(client.heard == found(len(KEYS)) for client in simulation.admitted)
        assert held_bytes() < MIB // 2


def test_who_stops_in_the_middle_of_a_request_stops_nobody_else_for_long() -> None:
    """Near the cap one at a time may finish its request: not one that never does."""
    simulation = Simulation(1, max_process_bytes=MIB, client_request_timeout_ms=0)
    request = resp("SET", "k", bytes(300_000))
    with simulation.running():
        patience = simulation.watch()
        for _ in range(2 * CLIENTS):
            simulation.client().say(request[:80_000])
            simulation.tick(4)
        assert patience.guard.short
        busy, rest, heard = simulation.client(), request, 0
        for _ in range(10 * PATIENCE):
            rest = rest[busy.say(rest[:65536]) :]
            simulation.tick(4)
            simulation.pass_time(1000)
            heard += sum(len(server.listen()) for server in simulation.dialled)
            if heard:
                break
        assert not rest
        assert heard


def test_at_the_cap_only_one_more_long_reply_comes_for_who_does_not_read() -> None:
    """Each is for another client, of whom nobody knows yet that it does not read."""
    simulation = Simulation(1, max_process_bytes=MIB)
    with simulation.running():
        simulation.watch()
        for _ in range(3 * CLIENTS):
            simulation.client().say(resp("MGET", *KEYS))
        simulation.tick(4)
        (server,) = simulation.dialled
        replies = found(len(KEYS)) * 3 * CLIENTS
        for _ in range(PATIENCE):
            replies = replies[server.say(replies[:65536]) :]
            simulation.tick(4)
            simulation.pass_time(RECHECK_MS)
            assert held_bytes() < MIB + 2 * len(found(len(KEYS)))
        for _ in range(10 * PATIENCE):
            replies = replies[server.say(replies[:65536]) :]
            simulation.tick(4)
            simulation.pass_time(RECHECK_MS)
            for client in simulation.admitted:
                client.listen()
        assert all(client.heard == found(len(KEYS)) for client in simulation.admitted)


@pytest.mark.parametrize("trickle", [0, 10])
def test_many_who_hold_little_and_end_no_request_stop_nobody_for_long(
    trickle: int,
) -> None:
    """None of them is large, but all of them together fill memory."""
    simulation = Simulation(1, max_process_bytes=MIB, client_request_timeout_ms=0)
    request = resp("SET", "k", bytes(60_000))
    with simulation.running():
        patience = simulation.watch()
        idle = [simulation.client() for _ in range(3 * CLIENTS)]
        for client in idle:
            client.say(request[:50_000])
            simulation.tick(4)
        assert patience.guard.short
        busy = simulation.client()
        busy.say(resp("PING"))
        for second in range(30 * STALLED_MS // 1000):
            for client in idle:
                client.say(bytes(trickle) if second % 5 == 4 else b"")
            simulation.pass_time(1000)
            simulation.tick(4)
            busy.listen()
            if busy.heard:
                break
        assert busy.heard == b"+PONG\r\n"


def test_who_waited_at_the_cap_goes_on_as_soon_as_there_is_room_for_others() -> None:
    """Who comes then is heard; so is who came before."""
    simulation = Simulation(1, max_process_bytes=MIB, client_request_timeout_ms=0)
    request = resp("SET", "k", bytes(300_000))
    with simulation.running():
        simulation.watch()
        while held_bytes() <= MIB:
            last = simulation.client()
            last.say(request[:60_000])
            simulation.tick(4)
        early = simulation.client()
        early.say(resp("PING"))
        simulation.tick(4)
        last.close()
        simulation.admitted.remove(last)
        simulation.tick(4)
        for _ in range(3):
            simulation.pass_time(RECHECK_MS)
            simulation.tick(4)
        assert held_bytes() > MIB // 4 * 3
        early.listen()
        assert early.heard == b"+PONG\r\n"


@pytest.mark.parametrize("words", [("RESET",), ("AUTH", "wrong")])
def test_who_is_no_longer_known_has_time_to_say_the_password(
    words: tuple[str, ...],
) -> None:
    """As much as when it came, however long ago that was."""
    simulation = Simulation(1, redis_auth=b"p", client_auth_timeout_ms=PATIENCE_MS)
    with simulation.running():
        simulation.watch()
        client = simulation.client()
        client.say(resp("AUTH", "p"))
        for _ in range(10):
            simulation.pass_time(PATIENCE_MS)
        client.say(resp(*words))
        simulation.tick(2)
        simulation.pass_time(PATIENCE_MS // 2)
        simulation.pass_time(PATIENCE_MS // 4)
        client.listen()
        assert not client.ended
        simulation.pass_time(PATIENCE_MS)
        simulation.tick()
        client.listen()
        assert client.ended


def test_a_paused_client_that_is_given_up_is_no_longer_counted() -> None:
    simulation = Simulation(1, client_idle_timeout_ms=100)
    with simulation.running():
        patience = simulation.watch()
        simulation.client()
        (client,) = simulation.pool.clients
        client.pause(reason.OUTPUT)
        assert simulation.block(0).get(slot.PAUSED_CLIENTS) == 1
        simulation.pass_time(101)
        patience.sweep()
        assert not simulation.pool.clients
        assert simulation.block(0).get(slot.PAUSED_CLIENTS) == 0
