"""Several workers share what arrives; signals to all processes are for one."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.support.crew import workers_of
from tests.support.fleet import Fleet
from tests.support.processes import sockets_of
from tests.support.proxy import Proxy, foreign, pool
from tests.support.waiting import wait_until
from tests.support.wire import Wire, resp

Start = Callable[..., Proxy]
CLIENTS = 200

pytestmark = pytest.mark.skipif(foreign(), reason="about our processes")


@pytest.mark.parametrize("workers", [2, 3])
def test_clients_that_connect_at_once_spread_over_the_workers(
    fleet: Fleet, proxy: Start, workers: int
) -> None:
    running = proxy(pool(fleet.redis(1)), "--workers", str(workers), "-v", "4")
    before = {pid: sockets_of(pid) for pid in workers_of(running)}
    with ExitStack() as stack:
        for _ in range(CLIENTS):
            stack.enter_context(running.connect())
        wait_until(
            lambda: running.pool_stats()["client_connections"] == CLIENTS, "clients"
        )
        held = [sockets_of(pid) - count for pid, count in before.items()]
    assert min(held) > CLIENTS / workers * 0.7, held


def test_a_stopped_worker_keeps_no_client_waiting(fleet: Fleet, proxy: Start) -> None:
    running = proxy(pool(fleet.redis(1)), "--workers", "2")
    stopped = next(iter(workers_of(running)))
    os.kill(stopped, signal.SIGSTOP)
    try:
        begun_s = time.monotonic()
        with ExitStack() as stack:
            for _ in range(40):
                client = stack.enter_context(running.connect())
                assert client.ask(resp("PING"), b"+PONG\r\n") == b"+PONG\r\n"
        assert time.monotonic() - begun_s < 5
    finally:
        os.kill(stopped, signal.SIGCONT)


def test_a_signal_to_all_processes_drains_like_one_to_the_first(
    fleet: Fleet, proxy: Start
) -> None:
    (server,) = fleet.redis(1)
    running = proxy(pool([server]), "--workers", "2")
    with running.connect() as busy:
        assert busy.ask(resp("PING"), b"+PONG\r\n") == b"+PONG\r\n"
        with Wire(server.port) as direct:
            direct.ask(resp("CLIENT", "PAUSE", "400", "ALL"), b"+OK\r\n")
        busy.send(resp("SET", "k", "v") * 10)
        wait_until(lambda: running.pool_stats()["client_requests"] == 11, "requests")
        for pid in workers_of(running):
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGINT)
        running.signal(signal.SIGTERM)
        assert busy.read_to_end() == b"+OK\r\n" * 10
    assert running.wait_end() == 0
    assert "died" not in running.log


def test_a_signal_to_a_worker_alone_is_nothing(fleet: Fleet, proxy: Start) -> None:
    running = proxy(pool(fleet.redis(1)))
    (worker,) = workers_of(running)
    with running.connect() as client:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
            os.kill(worker, number)
        assert client.ask(resp("PING"), b"+PONG\r\n") == b"+PONG\r\n"
    assert workers_of(running) == {worker}


def test_bytes_of_clients_are_counted_while_they_stay(
    fleet: Fleet, proxy: Start
) -> None:
    running = proxy(pool(fleet.redis(1)))
    with running.connect() as client:
        assert client.ask(resp("PING"), b"+PONG\r\n") == b"+PONG\r\n"
        asked = len(resp("PING"))
        wait_until(lambda: running.pool_stats()["client_bytes_in"] == asked, "bytes")
        assert running.pool_stats()["client_bytes_out"] == len(b"+PONG\r\n")
    wait_until(lambda: running.pool_stats()["client_eof"] == 1, "its end")
    assert running.pool_stats()["client_bytes_in"] == asked
    assert running.pool_stats()["client_bytes_out"] == len(b"+PONG\r\n")


def test_lines_name_the_module_they_are_about(fleet: Fleet, proxy: Start) -> None:
    running = proxy(pool(fleet.redis(1)), "-v", "6")
    with running.connect() as client:
        client.ask(resp("SET", "k", "v"), b"+OK\r\n")
    wait_until(lambda: "close c" in running.log, "the client's end")
    lines = running.log.splitlines()
    places = {
        what: line.split("] ")[1].split()[0].split(":")[0]
        for line in lines
        for what in ("accepted c", "connected on s", "close c")
        if what in line
    }
    assert places == {
        "accepted c": "listener.py",
        "connected on s": "link.py",
        "close c": "connection.py",
    }
