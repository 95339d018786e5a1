"""The worker's side of its line to the supervisor."""

import gc
import json
import os
import re
import socket
import sys
from collections.abc import Iterator

import pytest

from tests.support.models import pool
from twemproxy.control.setup import plain
from twemproxy.net.portable import PortablePoller
from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import RETIRE_MS, Pool
from twemproxy.proxy.request import request_of
from twemproxy.stats import slot
from twemproxy.worker.__main__ import trail
from twemproxy.worker.worker import Worker

TICKS_OF_A_FORMER = 4000


@pytest.fixture
def line() -> Iterator[tuple[Worker, socket.socket]]:
    """A worker, and the supervisor's end of its line."""
    own, remote = socket.socketpair()
    counters = os.memfd_create("counters")
    os.ftruncate(counters, 64 * slot.SLOTS * 8)
    former = TICKS_OF_A_FORMER.to_bytes(8, sys.byteorder)
    os.pwrite(counters, former, slot.TICKS * 8)
    worker = Worker(remote.detach(), counters, PortablePoller())
    yield worker, own
    worker.line.sock.close()
    own.close()


def test_sockets_of_a_configuration_that_cannot_be_read_are_closed(
    line: tuple[Worker, socket.socket],
) -> None:
    worker, supervisor = line
    listener = socket.create_server(("127.0.0.1", 0))
    fd = os.dup(listener.fileno())
    pool = {"config": ["not a pool"], "block": 1, "server_blocks": [], "listener": 0}
    order = {"op": "configure", "generation": 7, "process": {}, "pools": [pool]}
    worker.on_message(order, [fd])
    answer = json.loads(supervisor.recv(4096))
    assert (answer["op"], answer["generation"]) == ("failed", 7)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
    listener.close()


def test_a_configuration_whose_sockets_did_not_all_come_is_refused(
    line: tuple[Worker, socket.socket],
) -> None:
    worker, supervisor = line
    row = {"block": 1, "server_blocks": [2]}
    pools = [
        {**row, "config": plain(pool(name, "s")), "listener": number}
        for number, name in enumerate("ab")
    ]
    order = {"op": "configure", "generation": 7, "process": {}, "pools": pools}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        fd = os.dup(listener.fileno())
        worker.on_message(order, [fd])
    answer = json.loads(supervisor.recv(4096))
    assert (answer["op"], answer["generation"]) == ("failed", 7)
    assert "no descriptor is left for a listener" in answer["reason"]
    assert worker.pools == {}
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


def test_a_failure_tells_its_way_innermost_first() -> None:
    with pytest.raises(ValueError, match="nonsense") as caught:
        json.loads("{}", object_hook=lambda _: int("nonsense"))
    trod = trail(caught.value)
    assert re.match(r"test_worker\.py:\d+ < decoder\.py:\d+ < ", trod)


def test_ticks_go_on_where_the_former_worker_was(
    line: tuple[Worker, socket.socket],
) -> None:
    worker, _ = line
    worker.reactor.tick(0)
    worker.beat()
    ticks = worker.process.block.get(slot.TICKS)
    assert ticks == TICKS_OF_A_FORMER + worker.reactor.ticks


def configure(worker: Worker, number: int, names: str) -> None:
    """Have it take a configuration with pools of these names."""
    worker.configured = True  # the log is ours
    row = {"listener": None, "block": 1, "server_blocks": [2]}
    order = {
        "op": "configure",
        "generation": number,
        "process": {"max_clients": 9, "mbuf_size": 16384},
        "pools": [{**row, "config": plain(pool(name, "s"))} for name in names],
    }
    worker.on_message(order, [])


def remove_in_use(worker: Worker) -> Pool:
    """Have it remove a pool that still has a client."""
    configure(worker, 1, "a")
    removed = worker.pools["a"]
    stays = Client(worker.process, -1, removed.protocol, removed.counters)
    removed.clients[stays] = None
    configure(worker, 2, "")
    return removed


def pools_in_memory() -> int:
    """Count them, those too that nobody refers to and nobody has collected."""
    return sum(isinstance(item, Pool) for item in gc.get_objects())


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Nothing is collected but what the worker, which switches that off, collects."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_drain_looks_now_and_then_and_ends_once(
    line: tuple[Worker, socket.socket],
) -> None:
    worker, supervisor = line
    configure(worker, 1, "a")
    worker.drain()
    clients = worker.pools["a"].clients
    clients[object()] = None  # type: ignore[index] # it stays, that is all
    for _ in range(3):
        worker.beat()
        worker.reactor.tick(20)
        calls = [timer.call for _, _, timer in worker.reactor.timers]
        assert calls.count(worker.tell_drained) == 1
    assert b"drained" not in supervisor.recv(4096)
    clients.clear()
    for _ in range(3):
        worker.reactor.tick(20)
    assert supervisor.recv(4096).count(b"drained") == 1


@pytest.mark.usefixtures("uncollected")
def test_nothing_is_left_of_pools_that_came_and_went(
    line: tuple[Worker, socket.socket],
) -> None:
    worker, _ = line
    for number, names in enumerate(["a", ""] * 3):
        configure(worker, number, names)
    assert pools_in_memory() == 0


def test_a_removed_pool_is_forgotten_once_its_last_client_has_gone(
    line: tuple[Worker, socket.socket],
) -> None:
    worker, _ = line
    removed = remove_in_use(worker)
    worker.beat()
    assert worker.patience.pools == worker.leaving != []
    removed.clients.clear()
    retire(worker)
    assert worker.patience.pools == worker.leaving == []


def retire(worker: Worker) -> None:
    """Let the time pass after which a pool looks whether its clients are gone."""
    deadline_ms = worker.reactor.now_ms + 2 * RETIRE_MS
    while worker.reactor.now_ms < deadline_ms:
        worker.reactor.tick(RETIRE_MS)
    worker.beat()


@pytest.mark.usefixtures("uncollected")
def test_a_pool_that_is_about_to_retire_is_not_forgotten_before(
    line: tuple[Worker, socket.socket],
) -> None:
    worker, _ = line
    removed = remove_in_use(worker)
    removed.clients.clear()
    del removed
    worker.beat()  # before it looks whether its clients are gone
    retire(worker)
    assert pools_in_memory() == 0


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_removed_pool_is_remembered_while_a_server_owes_an_answer(
    line: tuple[Worker, socket.socket], host: str
) -> None:
    worker, _ = line
    configure(worker, 1, "a")
    with socket.create_server(("127.0.0.1", 0)) as server:
        worker.names.on_resolved(host, ["127.0.0.1"], RETIRE_MS)
        (asked,) = worker.pools["a"].servers
        at = {"host": host, "port": server.getsockname()[1]}
        asked.config = asked.config._replace(**at)
        asked.named = host == "localhost"
        conn = asked.connection_for(None)
        assert conn is not None
        conn.expect(request_of(None, None, worker.reactor.now_us), 0)
        configure(worker, 2, "")
        retire(worker)
        assert pools_in_memory() == 1
        server.accept()[0].close()
        del asked, conn
        retire(worker)
    assert pools_in_memory() == 0
