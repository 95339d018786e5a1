"""Workers that die, hang or never start."""

import os
import select
import shlex
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.crew import NOWHERE, pool, run_to_end, wait_workers, who, workers_of
from tests.support.ports import LOOPBACK, Reservation
from tests.support.proxy import Proxy, program
from tests.support.waiting import wait_until
from tests.support.wire import Wire

Start = Callable[..., Proxy]
CONFIG = pool("alpha", "@LISTEN@")


def clients_of_both(proxy: Proxy) -> dict[int, Wire]:
    """One client of each of two workers, by the worker's pid."""
    clients: dict[int, Wire] = {}
    while len(clients) < 2:
        client = proxy.connect()
        pid = who(client).pid
        if pid in clients:
            client.close()
        clients.setdefault(pid, client)
    return clients


def test_a_killed_worker_is_replaced_and_the_other_does_not_notice(
    supervised: Start,
) -> None:
    proxy = supervised(CONFIG, "--workers", "2")
    first, second = clients_of_both(proxy).items()
    os.kill(first[0], signal.SIGKILL)
    killed_s = time.monotonic()
    wait_until(lambda: len(workers_of(proxy) - {first[0]}) == 2, "a new worker")
    assert time.monotonic() - killed_s < 1
    assert who(second[1]).pid == second[0]
    assert "died of signal 9 (SIGKILL)" in proxy.log
    with proxy.connect() as client:
        assert who(client).pid != first[0]
    for conn in (first[1], second[1]):
        conn.close()


def test_a_worker_is_replaced_while_all_who_may_watch_do(
    supervised: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = f"sh -c 'ulimit -n 64; exec {shlex.join(program())} \"$@\"' sh"
    monkeypatch.setenv("TWEMPROXY_UNDER_TEST", narrow)
    with Reservation() as port, ExitStack() as watching:
        proxy = supervised(CONFIG, "--metrics-port", str(port.port))
        for number in (proxy.stats_port, port.port) * 32:
            watching.enter_context(socket.create_connection((LOOPBACK, number)))
        (worker,) = wait_workers(proxy)
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: workers_of(proxy) - {worker}, "a new worker")
    assert "cannot be started" not in proxy.log


def test_a_crashed_worker_leaves_its_stack_in_the_log(proxy: Start) -> None:
    crashing = proxy(CONFIG)
    (worker,) = wait_workers(crashing)
    with crashing.connect() as client:
        client.send(b"get a\r\n")
        wait_until(lambda: select.select([client], [], [], 0)[0], "an answer")
    os.kill(worker, signal.SIGSEGV)
    wait_until(lambda: "died of signal 11 (SIGSEGV)" in crashing.log, "the death")
    assert "Fatal Python error: Segmentation fault" in crashing.log


def test_counters_go_on_and_gauges_do_not(supervised: Start) -> None:
    proxy = supervised(CONFIG)
    with proxy.connect() as client:
        who(client)
    wait_until(lambda: proxy.pool_stats()["client_eof"] == 1, "the client's end")
    with proxy.connect() as client:
        os.kill(who(client).pid, signal.SIGKILL)
        client.read_to_end()
    wait_until(lambda: not proxy.pool_stats()["client_connections"], "the gauge")
    assert proxy.pool_stats()["client_eof"] == 1


def test_what_a_killed_worker_owed_is_abandoned(proxy: Start) -> None:
    with socket.create_server((LOOPBACK, 0)) as silent:
        port = silent.getsockname()[1]
        running = proxy(CONFIG.replace(NOWHERE, f"{LOOPBACK}:{port}:1 server1"))
        (worker,) = wait_workers(running)
        with running.connect() as client:
            client.send(b"mn\r\nget a\r\nget b c\r\n")
            wait_until(lambda: running.pool_stats()["client_requests"] == 3, "them")
            os.kill(worker, signal.SIGKILL)
            client.read_to_end()
        wait_until(lambda: not running.pool_stats()["client_connections"], "the gauge")
        numbers = running.pool_stats()
        assert (numbers["client_responses"], numbers["abandoned"]) == (1, 2)


def test_a_crash_loop_ends_in_a_clear_error(tmp_path: Path, supervised: Start) -> None:
    del supervised  # only its choice of program is needed
    with Reservation() as own, Reservation() as stats:
        config = pool("crash", f"{LOOPBACK}:{own.port}")
        end = run_to_end(tmp_path, config, "-s", str(stats.port), "-a", LOOPBACK)
    assert end.returncode == 1
    assert end.stderr.count("exited with status 3") >= 5
    assert "died 5 times in a row within 2 s of its start, giving up" in end.stderr
    assert end.stderr.rstrip().endswith("done, rabbit done")


def test_names_are_resolved_for_workers(supervised: Start) -> None:
    proxy = supervised(pool("resolve", "@LISTEN@"))
    wait_until(lambda: proxy.stats()["client_refused"], "the addresses of localhost")


def test_more_listeners_than_one_message_carries(supervised: Start) -> None:
    pools = [pool(f"p{i}", f"@DIR@/{i}.sock") for i in range(300)]
    proxy = supervised("".join(pools))
    with Wire(proxy.directory / "299.sock") as client:
        assert who(client).pool == "p299"


@pytest.fixture
def python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The Python that workers are started with; it may be taken away."""
    python = tmp_path / "python"  # a link would not find what the environment has
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    (tmp_path / "run.py").write_text(
        "import sys\n"
        "from twemproxy.arguments import parse\n"
        "from twemproxy.control import supervisor\n"
        f"command = ({str(python)!r}, '-P', '-m', 'twemproxy.worker')\n"
        "sys.exit(supervisor.run(parse(sys.argv[1:]).options, command))\n"
    )
    command = shlex.join([sys.executable, str(tmp_path / "run.py")])
    monkeypatch.setenv("TWEMPROXY_UNDER_TEST", command)
    return python


def test_a_worker_that_cannot_be_started_ends_in_a_clear_error(
    proxy: Start, python: Path
) -> None:
    running = proxy(CONFIG)
    wait_until(lambda: " pool 0 'alpha' with" in running.log, "it to serve")
    (worker,) = wait_workers(running)
    python.unlink()
    os.kill(worker, signal.SIGKILL)
    assert running.wait_end() == 1
    assert running.log.count("cannot be started: No such file or directory") == 4
    assert "died 5 times in a row" in running.log


def test_while_others_serve_a_worker_may_take_its_time_to_be_started(
    proxy: Start, python: Path
) -> None:
    running = proxy(CONFIG, "--workers", "2")
    wait_until(lambda: " pool 0 'alpha' with" in running.log, "both to serve")
    killed, other = wait_workers(running, 2)
    away = python.rename(python.with_suffix(".away"))
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: running.log.count("cannot be started") == 5, "attempts")
    assert workers_of(running) == {other}
    away.rename(python)
    wait_until(lambda: len(workers_of(running)) == 2, "a new worker")


def test_a_worker_is_replaced_without_a_place_for_its_log(
    proxy: Start, tmp_path: Path
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    running = proxy(CONFIG, "-o", str(logs / "log"))
    (worker,) = wait_workers(running)
    logs.rename(tmp_path / "elsewhere")
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: workers_of(running) not in ({worker}, set()), "a new worker")
    with running.connect() as client:
        client.send(b"version\r\n")
        assert client.read_line() == b"SERVER_ERROR Connection refused\r\n"
