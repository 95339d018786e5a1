"""Who is let go by a drain or a reload leaves at once, and leaves nothing."""

import gc

import pytest

from tests.support.simulation import Simulation
from tests.support.wire import resp
from twemproxy.proxy.server import Server

GET = resp("GET", "k")


@pytest.mark.parametrize("late", [resp("GET", "half")[:-3], b"\r\n"])
def test_a_drain_does_not_wait_for_what_follows_half_a_request(
    late: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation = Simulation(1)
    with simulation.running():
        client = simulation.client()
        client.say(GET)
        simulation.tick(4)
        (draining,) = simulation.pool.clients
        draining.drain()
        simulation.dialled[0].say(b"$1\r\nx\r\n")
        simulation.tick()
        # Behind the wait for events, before the look whether more has arrived.
        monkeypatch.setattr(simulation.reactor, "read_clock", lambda: client.say(late))
        simulation.tick()
        monkeypatch.undo()
        simulation.tick(2)
        assert client.listen() == b"$1\r\nx\r\n"
        assert client.ended


def test_a_server_that_was_taken_away_needs_no_collector() -> None:
    simulation = Simulation(1)
    gc.disable()  # as in a worker
    try:
        with simulation.running():
            client = simulation.client()
            client.say(resp("SCRIPT", "KILL"))
            simulation.tick(4)
            simulation.dialled[0].say(b"+OK\r\n")
            simulation.tick(2)
            assert client.listen() == b"+OK\r\n"
            config = simulation.pool.config
            moved = (config.servers[0]._replace(port=1),)
            counters = [simulation.block(2)]
            simulation.pool.adopt(config._replace(servers=moved), counters)
            servers = [item for item in gc.get_objects() if isinstance(item, Server)]
            ours = [server for server in servers if server.pool is simulation.pool]
            assert ours == simulation.pool.servers
    finally:
        gc.enable()


def test_a_reload_lays_points_out_only_where_keys_may_move() -> None:
    simulation = Simulation(2)
    pool = simulation.pool
    counters = [simulation.block(2), simulation.block(3)]
    with simulation.running():
        ring, config = pool.ring, pool.config
        pool.adopt(config._replace(timeout_ms=7), counters)
        assert pool.ring is ring
        heavy = (config.servers[0]._replace(weight=9), config.servers[1])
        for change in ({"servers": heavy}, {"hash": "md5"}, {"hash_tag": b"{}"}):
            ring = pool.ring
            pool.adopt(pool.config._replace(**change), counters)
            assert pool.ring is not ring
