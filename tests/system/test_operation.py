"""The whole program under real clients: crash, drain, log rotation, size."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.support.crew import workers_of
from tests.support.fleet import Fleet
from tests.support.ports import LOOPBACK, Reservation
from tests.support.processes import sockets_of
from tests.support.proxy import RELOADED, Proxy, foreign, pool
from tests.support.waiting import wait_until
from tests.support.wire import Wire, resp

Start = Callable[..., Proxy]
MAX_RESIDENT_KIB: Final = 45 * 1024
CROWD: Final = 400  # more than are accepted in a row
SLOW_S: Final = 0.3  # before a server reads, or a reload has got somewhere

pytestmark = pytest.mark.skipif(foreign(), reason="about our processes")


def knock(running: Proxy, count: int) -> list[Wire]:
    """Have so many clients connect and ask at once."""
    clients = [running.connect() for _ in range(count)]
    for client in clients:
        client.send(resp("PING"))
    return clients


def resident_kib(pid: int) -> int:
    """The resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1])


def test_a_killed_worker_costs_only_its_own_clients(fleet: Fleet, proxy: Start) -> None:
    running = proxy(pool(fleet.redis(1)), "--workers", "2")
    before = {pid: sockets_of(pid) for pid in workers_of(running)}
    with ExitStack() as stack:
        clients = [stack.enter_context(running.connect()) for _ in range(20)]
        for client in clients:
            assert client.ask(resp("PING"), b"+PONG\r\n") == b"+PONG\r\n"
        held = {pid: sockets_of(pid) - count for pid, count in before.items()}
        killed = max(held, key=lambda pid: held[pid])
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: len(workers_of(running) - {killed}) == 2, "its successor")
        for client in clients:
            client.send(resp("PING"))
        alive = [client for client in clients if client.read_line() == b"+PONG\r\n"]
        assert len(alive) == 20 - held[killed] < 20
    for _ in range(20):
        with running.connect() as client:
            assert client.ask(resp("PING"), b"+PONG\r\n") == b"+PONG\r\n"


def test_a_drain_sends_what_gets_no_reply(fleet: Fleet, proxy: Start) -> None:
    (server,) = fleet.memcached(1)
    running = proxy(pool([server], redis=False))
    server.freeze()
    with running.connect() as client:
        value = b"x" * 100_000
        for number in range(70):
            line = b"set k%d 0 0 %d noreply" % (number, len(value))
            client.send(line + b"\r\n" + value + b"\r\n")
        wait_until(
            lambda: running.server_stats("server1")["requests"] == 70, "all to arrive"
        )
    wait_until(lambda: not running.pool_stats()["client_connections"], "it to leave")
    assert running.server_stats("server1")["in_queue"] > 0
    running.signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait_end(0.3)
    server.thaw()
    assert running.wait_end() == 0
    with Wire(server.port) as direct:
        found = b"VALUE k69 0 100000\r\n" + value + b"\r\nEND\r\n"
        assert direct.ask(b"get k69\r\n", found) == found


def test_a_drain_answers_what_is_owed_and_closes_idle_clients(
    fleet: Fleet, proxy: Start
) -> None:
    (server,) = fleet.redis(1)
    running = proxy(pool([server]))
    with running.connect() as idle, running.connect() as busy:
        assert idle.ask(resp("PING"), b"+PONG\r\n") == b"+PONG\r\n"
        with Wire(server.port) as direct:
            direct.ask(resp("CLIENT", "PAUSE", "400", "ALL"), b"+OK\r\n")
        busy.send(resp("SET", "k", "v") * 10)
        wait_until(lambda: running.pool_stats()["client_requests"] == 11, "requests")
        running.signal(signal.SIGTERM)
        assert idle.read_to_end() == b""
        assert busy.read_to_end() == b"+OK\r\n" * 10
    assert running.wait_end() == 0


def test_a_drain_answers_what_has_arrived_and_was_not_read_yet(
    fleet: Fleet, proxy: Start
) -> None:
    (server,) = fleet.redis(1)
    running = proxy(pool([server], max_in_flight=2))
    with running.connect() as busy, running.connect() as late:
        with Wire(server.port) as direct:
            direct.ask(resp("CLIENT", "PAUSE", "400", "ALL"), b"+OK\r\n")
        busy.send(resp("SET", "k", "v") * 5000)
        wait_until(lambda: running.pool_stats()["client_requests"] == 2, "requests")
        (worker,) = workers_of(running)
        os.kill(worker, signal.SIGSTOP)
        late.send(resp("SET", "k", "v") * 10)
        running.signal(signal.SIGTERM)
        with running.connect() as knocking:
            knocking.send(resp("SET", "k", "v") * 10)
            os.kill(worker, signal.SIGCONT)
            assert knocking.read_to_end() == b"+OK\r\n" * 10
        assert late.read_to_end() == b"+OK\r\n" * 10
        assert busy.read_to_end() == b"+OK\r\n" * 5000
    assert running.wait_end() == 0


def test_a_drain_lets_those_in_who_wait_for_their_turn(
    fleet: Fleet, proxy: Start
) -> None:
    running = proxy(pool(fleet.redis(1), client_accept_rate=1))
    with ExitStack() as stack:
        clients = [stack.enter_context(client) for client in knock(running, 10)]
        running.signal(signal.SIGTERM)
        for client in clients:
            assert client.read_to_end() == b"+PONG\r\n"
    assert running.wait_end() == 0


@contextmanager
def knocking(running: Proxy, text: str) -> Iterator[list[Wire]]:
    """Clients who knock before a reload with this text, and are heard after it."""
    (worker,) = workers_of(running)
    with ExitStack() as stack:
        os.kill(worker, signal.SIGSTOP)
        clients = [stack.enter_context(client) for client in knock(running, CROWD)]
        running.config_file.write_text(text)
        running.signal(signal.SIGUSR1)
        wait_until(lambda: "reloading" in running.log, "the reload to begin")
        time.sleep(SLOW_S)
        os.kill(worker, signal.SIGCONT)
        yield clients
        wait_until(lambda: RELOADED in running.log, "the reload")


def test_a_pool_that_moves_takes_those_along_who_have_knocked(
    fleet: Fleet, proxy: Start
) -> None:
    running = proxy(pool(fleet.redis(1)))
    text = running.config_file.read_text()
    with Reservation() as elsewhere:
        there = f":{elsewhere.port}\n  backlog: 1\n"
        with knocking(running, text.replace(f":{running.port}\n", there)) as clients:
            for client in clients:
                assert client.read_exactly(7) == b"+PONG\r\n"


def test_a_pool_that_is_removed_serves_those_who_have_knocked(
    fleet: Fleet, proxy: Start
) -> None:
    servers = fleet.redis(1)
    running = proxy(pool(servers) + pool(servers, "b", listen="@LISTEN2@"))
    text = running.config_file.read_text()
    with knocking(running, text[text.index("b:") :]) as clients:
        for client in clients:
            assert client.read_to_end() == b"+PONG\r\n"


def test_who_has_knocked_at_a_pool_is_the_client_of_the_one_that_is_there_now(
    fleet: Fleet, proxy: Start
) -> None:
    running = proxy(pool(fleet.redis(1), "before"))
    text = running.config_file.read_text()
    with knocking(running, text.replace("before:", "now:", 1)) as clients:
        for client in clients:
            assert client.read_exactly(7) == b"+PONG\r\n"
            client.ask(resp("PING"), b"+PONG\r\n")


def tells_of_a_client(running: Proxy) -> bool:
    """Whether a worker has said that one came, as one just did."""
    with running.connect() as client:
        client.ask(resp("PING"), b"+PONG\r\n")
    return "accepted c" in running.log


def test_all_processes_follow_a_rotated_log(fleet: Fleet, proxy: Start) -> None:
    running = proxy(pool(fleet.redis(1)))
    old = running.log_file.with_suffix(".1")
    running.log_file.rename(old)
    running.signal(signal.SIGHUP)
    wait_until(running.log_file.exists, "the new file")

    wait_until(partial(tells_of_a_client, running), "a worker's line in the new file")


def test_the_level_reaches_the_workers(fleet: Fleet, proxy: Start) -> None:
    running = proxy(pool(fleet.redis(1)), "-v", "4")
    assert not tells_of_a_client(running)
    running.signal(signal.SIGTTIN)

    wait_until(partial(tells_of_a_client, running), "a line of the raised level")


def test_json_lines_come_from_all_processes(fleet: Fleet, proxy: Start) -> None:
    running = proxy(pool(fleet.redis(1)), "--log-format", "json")
    with running.connect() as client:
        client.ask(resp("PING"), b"+PONG\r\n")
    wait_until(lambda: "accepted c" in running.log, "a worker's line")
    pids = {json.loads(line)["pid"] for line in running.log.splitlines()}
    assert pids == {running.pid, *workers_of(running)}


def test_titles_tell_who_is_who(fleet: Fleet, proxy: Start) -> None:
    running = proxy(pool(fleet.redis(1)))
    (worker,) = workers_of(running)
    shown = subprocess.run(
        ["ps", "-o", "args=", "-p", f"{running.pid},{worker}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert shown[0].startswith("nutcracker: supervisor (")
    assert shown[1] == "nutcracker: worker 0"


def test_the_supervisor_alone_is_found_by_the_name_of_the_program(
    fleet: Fleet, proxy: Start
) -> None:
    running = proxy(pool(fleet.redis(1)))
    workers = workers_of(running)
    found = subprocess.run(
        ["pgrep", "-x", "nutcracker"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert str(running.pid) in found
    assert not {str(worker) for worker in workers} & set(found)


def test_an_idle_proxy_is_small(fleet: Fleet, proxy: Start) -> None:
    running = proxy(pool(fleet.redis(1)))
    sizes = [resident_kib(pid) for pid in (running.pid, *workers_of(running))]
    assert sum(sizes) < MAX_RESIDENT_KIB, sizes


def test_a_pool_that_changes_its_protocol_listens_on(
    fleet: Fleet, proxy: Start
) -> None:
    running = proxy(pool(fleet.memcached(1), redis=False))
    listen = f"{LOOPBACK}:{running.port}"
    running.reload(pool(fleet.redis(1), listen=listen))
    with running.connect() as client:
        assert client.ask(resp("PING"), b"+PONG\r\n") == b"+PONG\r\n"
