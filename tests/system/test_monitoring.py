"""Metrics, health, slow requests and reload, of a proxy that runs."""

import http.client
import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests.support.canned import CannedServer
from tests.support.crew import workers_of
from tests.support.fleet import Fleet
from tests.support.ports import LOOPBACK, Reservation
from tests.support.processes import sockets_of
from tests.support.proxy import Proxy, pool
from tests.support.waiting import wait_until
from tests.support.wire import Wire, resp
from twemproxy import cli
from twemproxy.limits import MAX_HTTP_PEERS
from twemproxy.stats.metrics import TABLE
from twemproxy.stats.prometheus import exported_name

Start = Callable[..., Proxy]
Capture = pytest.CaptureFixture[str]
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Port:
    """The metrics port of a proxy."""

    def __init__(self, number: int) -> None:
        self.number = number

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        """Ask one question; status and body."""
        conn = http.client.HTTPConnection(LOOPBACK, self.number, timeout=10)
        conn.request(method, path, headers=headers)
        response = conn.getresponse()
        body = response.read().decode()
        conn.close()
        return response.status, body


@pytest.fixture
def port() -> Iterator[Port]:
    """Keep a port for metrics."""
    with Reservation() as reserved:
        yield Port(reserved.port)


@pytest.fixture
def running(fleet: Fleet, proxy: Start, port: Port) -> Proxy:
    """Run two workers with a pool that takes everything down as slow."""
    config = pool(fleet.redis(2), slowlog_us=1, timeout=5000)
    return proxy(config, "--metrics-port", str(port.number), "--workers", "2")


def get_and_set(running: Proxy, times: int = 1) -> None:
    """Send requests and wait for their replies."""
    with running.connect() as wire:
        for _ in range(times):
            assert wire.ask(resp("SET", "k", "v"), b"+OK\r\n") == b"+OK\r\n"
            assert wire.ask(resp("GET", "k"), b"$1\r\nv\r\n") == b"$1\r\nv\r\n"


def test_a_proxy_that_serves_is_healthy_and_ready(running: Proxy, port: Port) -> None:
    assert port.ask("/healthz") == (200, "ok\n")
    assert port.ask("/readyz") == (200, "ok\n")


def test_prometheus_reads_every_metric(running: Proxy, port: Port) -> None:
    get_and_set(running)
    _, text = port.ask("/metrics")
    families = {family.name: family for family in parse_text(text)}
    assert {exported_name(row) for row in TABLE} <= families.keys()
    requests = families["twemproxy_client_requests"].samples
    assert [(s.labels, s.value) for s in requests] == [({"pool": "alpha"}, 2.0)]
    for kind, asked in (("read", 1), ("write", 1), ("script", 0)):
        times = families["twemproxy_request_duration_seconds"].samples
        own = [sample for sample in times if sample.labels["class"] == kind]
        by_name = {s.name.rpartition("_")[2]: s.value for s in own}
        assert by_name["count"] == by_name["bucket"] == asked
        assert bool(asked) == (0 < by_name["sum"] < 5)
    for part in ("server", "server_queue"):
        samples = families[f"twemproxy_{part}_duration_seconds"].samples
        assert sum(s.value for s in samples if s.name.endswith("_count")) == 2


def test_openmetrics_is_given_to_who_asks_for_it(running: Proxy, port: Port) -> None:
    get_and_set(running)
    _, text = port.ask("/metrics", Accept=OPENMETRICS)
    assert text.endswith("# EOF\n")
    servers = {
        sample.labels["server"]: sample.value
        for family in parse_openmetrics(text)  # type: ignore[no-untyped-call] # is so
        for sample in family.samples
        if sample.name == "twemproxy_server_requests_total"
    }
    assert sorted(servers) == ["server1", "server2"]
    assert sum(servers.values()) == 2


@pytest.mark.parametrize("header", ["Origin", "Host"])
@pytest.mark.parametrize("path", ["/state", "/config", "/slowlog", "/stats"])
def test_a_browser_is_not_told_what_is_ours(
    running: Proxy, port: Port, path: str, header: str
) -> None:
    assert port.ask(path)[0] == 200
    assert port.ask(path, **{header: "evil.example"})[0] == 403


def test_what_is_not_there_or_not_right_is_said(running: Proxy, port: Port) -> None:
    assert port.ask("/")[0] == 404
    assert port.ask("/metrics", "POST")[0] == 405
    assert port.ask("/reload")[0] == 405
    assert port.ask("/healthz", "HEAD") == (200, "")
    assert port.ask("/healthz", X="x" * 10000)[0] == 431
    with Wire(port.number) as wire:
        wire.send(b"PING\r\n\r\n")
        assert wire.read_to_end().startswith(b"HTTP/1.1 400 ")


def test_a_peer_that_says_nothing_does_not_stay(running: Proxy, port: Port) -> None:
    with ExitStack() as stack:
        silent, *_ = [stack.enter_context(Wire(port.number)) for _ in range(40)]
        assert silent.read_to_end() == b""
        assert port.ask("/healthz")[0] == 200


def test_peers_that_come_together_are_no_more_than_may_be(
    running: Proxy, port: Port
) -> None:
    before = sockets_of(running.pid)
    with ExitStack() as stack:
        running.signal(signal.SIGSTOP)
        for _ in range(100):
            last = stack.enter_context(Wire(port.number))
        running.signal(signal.SIGCONT)
        last.send(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert b" 200 OK" in last.read_to_end()
        wait_until(
            lambda: sockets_of(running.pid) <= before + MAX_HTTP_PEERS,
            "the oldest to be cut",
            patience_s=2,
        )


def test_a_worker_that_stands_still_is_told(running: Proxy, port: Port) -> None:
    worker, _ = workers_of(running)
    os.kill(worker, signal.SIGSTOP)
    told = wait_until(
        lambda: re.findall("worker [01] is silent", running.log), "the silence"
    )
    assert port.ask("/healthz") == (503, f"{told[0]}\n")
    os.kill(worker, signal.SIGCONT)
    wait_until(lambda: port.ask("/healthz")[0] == 200, "the worker to go on")
    assert running.log.count("is silent") == 1


def test_who_waits_for_a_reload_hears_of_the_end(running: Proxy, port: Port) -> None:
    worker, _ = workers_of(running)
    os.kill(worker, signal.SIGSTOP)
    with Wire(port.number) as wire:
        wire.send(b"POST /reload HTTP/1.1\r\n\r\n")
        wait_until(lambda: "reloading the configuration" in running.log, "the reload")
        running.signal(signal.SIGTERM)
        assert b'"reason": "the proxy ends"' in wire.read_to_end()
    os.kill(worker, signal.SIGCONT)
    assert running.wait_end() == 0


def test_a_draining_proxy_is_not_ready(
    proxy: Start, canned: Callable[..., CannedServer], port: Port
) -> None:
    running = proxy(pool([canned()]), "--metrics-port", str(port.number))
    with running.connect() as wire:
        wire.send(resp("GET", "k"))
        wait_until(lambda: running.pool_stats()["client_requests"], "the request")
        running.signal(signal.SIGTERM)
        wait_until(lambda: port.ask("/readyz")[0] == 503, "the proxy to drain")
        assert port.ask("/readyz") == (503, "draining\n")
        assert port.ask("/healthz")[0] == 200


def test_slow_requests_are_kept_with_their_times(running: Proxy, port: Port) -> None:
    get_and_set(running)
    entries = json.loads(port.ask("/slowlog")[1])
    assert [entry["command"] for entry in entries] == ["set", "get"]
    for entry in entries:
        parts = [entry[f"{part}_us"] for part in ("queue", "server", "proxy")]
        assert sum(parts) == entry["total_us"] > 0
        assert entry["key"] == "k"
        assert entry["client"].startswith("127.0.0.1:")
        assert entry["server"].startswith("127.0.0.1:")


def test_hashed_keys_do_not_leave(fleet: Fleet, proxy: Start, port: Port) -> None:
    config = pool(fleet.redis(1), slowlog_us=1, slowlog_keys="hashed")
    get_and_set(proxy(config, "--metrics-port", str(port.number)))
    entries = json.loads(port.ask("/slowlog")[1])
    # printf %s k | sha256sum
    assert {entry["key"] for entry in entries} == {"8254c329a92850f6"}


def test_the_slow_log_is_switched_by_a_reload(
    fleet: Fleet, proxy: Start, capsys: Capture
) -> None:
    running = proxy(pool(fleet.redis(1)))
    get_and_set(running)
    here = ["--pid", str(running.pid)]
    text = running.config_file.read_text()
    running.config_file.write_text(f"{text}  slowlog_us: 1\n")
    assert cli.main(["reload", *here]) == 0
    get_and_set(running, times=2)
    capsys.readouterr()
    assert cli.main(["slowlog", *here]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[3] for row in rows[1:]] == ["set", "get"] * 2


def test_a_refused_reload_tells_its_reason(
    fleet: Fleet, proxy: Start, capsys: Capture
) -> None:
    running = proxy(pool(fleet.redis(1)))
    here = ["reload", "--pid", str(running.pid)]
    assert cli.main(here) == 0
    assert capsys.readouterr().out == "configuration 2 in force\n"
    with running.config_file.open("a") as file:
        file.write("  timout: 1\n")
    assert cli.main(here) == 1
    assert "timout" in capsys.readouterr().err
    assert running.stats()["generation"] == 2


def test_a_swapped_link_is_a_changed_file(fleet: Fleet, proxy: Start) -> None:
    running = proxy(pool(fleet.redis(1)), "--watch")
    versions = [running.directory / name for name in ("..v1", "..v2")]
    for version in versions:
        version.mkdir()
        (version / "f.yml").write_text(running.config_file.read_text())
    link = running.directory / "..data"
    link.symlink_to(versions[0])
    running.config_file.unlink()
    running.config_file.symlink_to(Path("..data") / "f.yml")
    wait_until(lambda: running.stats()["generation"] == 2, "the first reload")
    swapped = running.directory / "..new"
    swapped.symlink_to(versions[1])
    swapped.rename(link)
    wait_until(lambda: running.stats()["generation"] == 3, "the second reload")


def test_a_changed_file_that_was_reloaded_is_not_reloaded_again(
    fleet: Fleet, proxy: Start
) -> None:
    running = proxy(pool(fleet.redis(1)), "--watch")
    with running.config_file.open("a") as file:
        file.write("# changed\n")
    assert cli.main(["reload", "--pid", str(running.pid)]) == 0
    time.sleep(2.5)  # looks are a second apart, and two have to agree
    assert running.stats()["generation"] == 2


def test_a_plan_against_the_running_proxy_hides_passwords(
    fleet: Fleet, proxy: Start, tmp_path: Path, capsys: Capture
) -> None:
    servers = fleet.redis(3, "--requirepass", "swordfish")
    running = proxy(pool(servers, redis_auth="swordfish"))
    here = ["--pid", str(running.pid)]
    assert cli.main(["plan", str(running.config_file), *here]) == 0
    fewer = tmp_path / "new.yml"
    lines = running.config_file.read_text().splitlines()
    fewer.write_text("\n".join([*lines[:-1], ""]))
    assert cli.main(["plan", str(fewer), *here, "--max-moved", "10%"]) == 3
    shown = capsys.readouterr().out
    assert "server removed" in shown
    assert "swordfish" not in shown


def test_a_route_of_the_running_proxy_shows_ejections(
    proxy: Start, capsys: Capture
) -> None:
    with Reservation() as dead, Reservation() as alive:
        config = pool([dead, alive], auto_eject_hosts=True, server_failure_limit=1)
        running = proxy(config)
        keys = [f"k{i}" for i in range(20)]
        here = ["--pid", str(running.pid), "--json"]

        def state() -> list[str]:
            with running.connect() as wire:
                wire.ask(resp("GET", keys[0]), b"")
            assert cli.main(["route", "alpha", *keys, *here]) == 0
            rows = json.loads(capsys.readouterr().out)
            return [row["state"] for row in rows if "instead of" in row["state"]]

        assert wait_until(state, "an ejection")[0].endswith(", ejected")
