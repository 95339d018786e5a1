"""Workers that die, hang or never start."""

import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.crew import pool, run_to_end, wait_workers, who, workers_of
from tests.support.ports import LOOPBACK, Reservation
from tests.support.proxy import Proxy
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
