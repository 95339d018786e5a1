"""From start to end: messages, exit statuses, signals, daemon."""

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.crew import pool, run_command, run_to_end, wait_workers, who
from tests.support.ports import LOOPBACK, Reservation
from tests.support.proxy import Proxy, environment, program
from tests.support.waiting import text_of, wait_until
from tests.support.wire import Wire
from twemproxy import cli

Start = Callable[..., Proxy]
CONFIG = pool("alpha", "@LISTEN@")
TERM, INT = signal.SIGTERM, signal.SIGINT


@pytest.fixture(autouse=True)
def _fake(supervised: Start) -> None:
    """Have every test here run the supervisor with the fake worker."""


def busy() -> socket.socket:
    """Listen where the program would like to."""
    return socket.create_server((LOOPBACK, 0))


def ended(proxy: Proxy) -> int:
    """Wait for the end; the status, negative for a signal."""
    return proxy.wait_end()


# Starting.


def test_the_log_tells_start_limits_and_listeners(supervised: Start) -> None:
    log = supervised(CONFIG).log
    for pattern in (
        r"nutcracker-0\.5\.0 built for Linux \S+ \S+ started on pid \d+$",
        r"run, rabbit run / dig that hole",
        r"max fds \d+ max client conns \d+ max server conns 2$",
        r"m \d+ listening on stats server '127\.0\.0\.1:\d+'$",
    ):
        assert re.search(pattern, log, re.MULTILINE), pattern


def test_every_listener_is_told(supervised: Start) -> None:
    proxy = supervised(CONFIG)
    line = r"p \d+ listening on '127\.0\.0\.1:\d+' in memcache pool 0 'alpha' with 1 s"
    wait_until(lambda: re.search(line, proxy.log), "the listener's line")


def test_a_missing_configuration_is_told_in_the_log(tmp_path: Path) -> None:
    end = run_command(tmp_path, ["-c", "no.yml", "-o", "log"])
    log = (tmp_path / "log").read_text()
    reason = "conf: failed to open configuration 'no.yml': No such file or directory"
    assert end.returncode == 1
    assert reason in log
    assert log.splitlines()[-1].endswith("done, rabbit done")
    assert "syntax is invalid" not in end.stderr


def test_a_bad_configuration_is_told_twice_and_removes_the_pid_file(
    tmp_path: Path,
) -> None:
    end = run_to_end(tmp_path, "alpha:\n  nonsense: 1\n", "-o", "log", "-p", "pid")
    verdict = "nutcracker: configuration file 'nutcracker.yml' syntax is invalid\n"
    assert (end.returncode, end.stdout, end.stderr) == (1, "", verdict)
    assert "conf:" in (tmp_path / "log").read_text()
    assert not (tmp_path / "pid").exists()


@pytest.mark.parametrize("limit", [6, 8])
def test_a_start_without_descriptors_is_told_in_the_log(
    tmp_path: Path, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = f"sh -c 'ulimit -n {limit}; exec {shlex.join(program())} \"$@\"' sh"
    monkeypatch.setenv("TWEMPROXY_UNDER_TEST", few)
    end = run_to_end(tmp_path, pool("alpha", f"{LOOPBACK}:1"), "-o", "log")
    assert end.returncode == 1
    log = (tmp_path / "log").read_text()
    assert re.search(r"(cannot start|count in): Too many open files\n", log)


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
def test_a_bad_configuration_ends_it_without_anywhere_to_complain(
    tmp_path: Path, stderr: str
) -> None:
    (tmp_path / "bad.yml").write_text("alpha:\n  nonsense: 1\n")
    command = shlex.join([*program(), "-c", "bad.yml", "-o", "log", "-p", "pid"])
    shell = ["sh", "-c", f"exec {command} {stderr}"]
    end = subprocess.run(
        shell, cwd=tmp_path, env=environment(), timeout=20, check=False
    )
    assert end.returncode == 1
    assert not (tmp_path / "pid").exists()


def test_closed_standard_streams_become_no_sockets(supervised: Start) -> None:
    command = f"sh -c 'exec {shlex.join(program())} \"$@\" <&- >&- 2>&-' sh"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TWEMPROXY_UNDER_TEST", command)
        proxy = supervised(CONFIG)
    for pid in {proxy.pid, *wait_workers(proxy)}:
        opened = {Path(f"/proc/{pid}/fd/{fd}").readlink() for fd in range(3)}
        assert opened == {Path(os.devnull)}


def test_a_busy_listen_address_is_an_error(tmp_path: Path) -> None:
    with busy() as other, Reservation() as stats:
        address = f"{LOOPBACK}:{other.getsockname()[1]}"
        config = pool("alpha", address)
        end = run_to_end(tmp_path, config, "-s", str(stats.port), "-a", LOOPBACK)
    line = rf"bind on p \d+ to addr '{address}' failed: Address already in use"
    assert end.returncode == 1
    assert re.search(line, end.stderr)


@pytest.mark.parametrize(
    ("host", "message"),
    [
        (LOOPBACK, r"bind on m \d+ to stats server addr '@' failed: Address already"),
        ("192.0.2.1", r"addr '@' failed: Cannot assign requested address"),
        ("no.such.invalid", r"address resolution of node '%' service '\d+' failed: "),
    ],
)
def test_a_stats_address_that_cannot_be_had_is_an_error(
    tmp_path: Path, host: str, message: str
) -> None:
    with busy() as other, Reservation() as own:
        port = str(other.getsockname()[1])
        config = pool("alpha", f"{LOOPBACK}:{own.port}")
        end = run_to_end(tmp_path, config, "-a", host, "-s", port)
    wanted = message.replace("@", f"{host}:{port}").replace("%", host)
    assert end.returncode == 1
    assert re.search(wanted, end.stderr)
    assert end.stderr.rstrip().endswith("done, rabbit done")


def test_a_log_that_cannot_be_opened_ends_it_at_once(tmp_path: Path) -> None:
    end = run_to_end(tmp_path, CONFIG, "-o", "no/log")
    reason = "opening log file 'no/log' failed: No such file or directory\n"
    assert (end.returncode, end.stderr) == (1, reason)


def test_a_pid_file_that_cannot_be_opened_ends_it(tmp_path: Path) -> None:
    end = run_to_end(tmp_path, CONFIG, "-p", "no/pid")
    assert end.returncode == 1
    assert "opening pid file 'no/pid' failed: No such file or directory" in end.stderr


# The daemon.


def test_a_daemon_leaves_its_parent_and_its_terminal(tmp_path: Path) -> None:
    with Reservation() as own, Reservation() as stats:
        config = pool("alpha", f"{LOOPBACK}:{own.port}")
        where = ["-s", str(stats.port), "-a", LOOPBACK]
        end = run_to_end(tmp_path, config, "-d", "-o", "log", "-p", "pid", *where)
        assert (end.returncode, end.stdout, end.stderr) == (0, "", "")
        pid = int(wait_until(lambda: text_of(tmp_path / "pid"), "the pid file"))
        try:
            wait_until(lambda: "listening on" in text_of(tmp_path / "log"), "the start")
            assert os.getsid(pid) not in (pid, os.getsid(0))
            assert Path(f"/proc/{pid}/cwd").resolve() == tmp_path.resolve()
            for fd in (0, 1, 2):
                assert Path(f"/proc/{pid}/fd/{fd}").readlink() == Path(os.devnull)
        finally:
            os.kill(pid, TERM)
        wait_until(lambda: not (tmp_path / "pid").exists(), "the end of the daemon")


# Signals.


def test_the_log_level_goes_up_and_down_within_its_limits(supervised: Start) -> None:
    proxy = supervised(CONFIG, "-v", "10")
    for number in (signal.SIGTTIN, signal.SIGTTIN, signal.SIGTTOU):
        wanted = proxy.log.count(") received") + 1
        proxy.signal(number)
        wait_until(partial(_received, proxy, wanted), "the signal's line")
    dots = "[.......................] "
    wait_until(lambda: "down log level to 10" in proxy.log, "the way down")
    assert [line for line in proxy.log.splitlines() if line.startswith(dots)] == [
        f"{dots}signal 21 (SIGTTIN) received, up logging level",
        f"{dots}up log level to 11",
        f"{dots}signal 21 (SIGTTIN) received, up logging level",
        f"{dots}signal 22 (SIGTTOU) received, down logging level",
        f"{dots}down log level to 10",
    ]


def _received(proxy: Proxy, count: int) -> bool:
    return proxy.log.count(") received") >= count


def test_signals_that_come_together_are_all_taken(supervised: Start) -> None:
    """Each interrupts the handler of the one before, and all need room on a stack."""
    proxy = supervised(CONFIG)
    together = (
        *(signal.SIGUSR1, signal.SIGHUP, signal.SIGUSR2),
        *(signal.SIGTTIN, signal.SIGTTOU, signal.SIGCHLD),
    )
    for _ in range(50):
        for number in together:
            proxy.signal(number)
        time.sleep(0.002)
        assert proxy.running
    wait_until(lambda: "configuration 2 in force" in proxy.log, "a reload")


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGHUP])
def test_a_signal_at_the_very_end_is_not_what_we_die_of(
    supervised: Start, number: signal.Signals
) -> None:
    proxy = supervised(CONFIG)
    proxy.signal(TERM)
    while proxy.running:
        proxy.signal(number)
        time.sleep(0.001)
    assert ended(proxy) == 0


@contextlib.contextmanager
def starting(directory: Path, *arguments: str) -> "Iterator[subprocess.Popen[bytes]]":
    """Start the program on c.yml, which it waits for, as that is a pipe."""
    os.mkfifo(directory / "c.yml")
    words = ["-c", "c.yml", "-o", "log", "-a", LOOPBACK, *arguments]
    process = subprocess.Popen(
        [*program(), *words], cwd=directory, env=environment(), stderr=subprocess.PIPE
    )
    try:
        wait_until(lambda: "run, rabbit" in text_of(directory / "log"), "the start")
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_reload_asked_for_while_the_file_is_read_is_done(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Reservation() as own, Reservation() as stats, Reservation() as metrics:
        ports = ("-s", str(stats.port), "--metrics-port", str(metrics.port))
        with starting(tmp_path, *ports) as process:
            pipe = (tmp_path / "c.yml").open("w")
            text = pool("alpha", f"{LOOPBACK}:{own.port}")
            (tmp_path / "new").write_text(text)
            (tmp_path / "new").rename(tmp_path / "c.yml")
            process.send_signal(signal.SIGUSR1)
            pipe.write(text)
            pipe.close()
            wait_until(lambda: "configuration 2 in force" in text_of(log), "the reload")
            process.send_signal(TERM)


def test_who_ends_while_the_file_is_awaited_ends(tmp_path: Path) -> None:
    with starting(tmp_path, "-p", "pid") as process:
        process.send_signal(TERM)
        assert process.wait(5) == 0
        assert not (tmp_path / "pid").exists()


def words_of(pid: int) -> bytes:
    """The command line of a process."""
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_who_ends_while_workers_start_begins_nothing_more(tmp_path: Path) -> None:
    with (
        Reservation() as own,
        Reservation() as stats,
        starting(tmp_path, "-s", str(stats.port)) as process,
    ):
        pipe = (tmp_path / "c.yml").open("w")
        pipe.write(pool("alpha", f"{LOOPBACK}:{own.port}"))
        pipe.close()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        worker = int(wait_until(children.read_text, "the worker"))
        # Until it runs its own program, its parent does not run either.
        wait_until(lambda: words_of(worker) != words_of(process.pid), "its program")
        os.kill(worker, signal.SIGSTOP)
        process.send_signal(signal.SIGUSR1)
        process.send_signal(TERM)
        wait_until(lambda: "draining" in text_of(tmp_path / "log"), "the drain")
        os.kill(worker, signal.SIGCONT)
        assert process.wait(5) == 0
    _, received, ended_with = text_of(tmp_path / "log").partition("(SIGTERM) received")
    assert received
    assert "in memcache pool" not in ended_with
    assert "reloading" not in ended_with


def test_hup_reopens_the_log(supervised: Start) -> None:
    proxy = supervised(CONFIG)
    wait_until(lambda: "listening on '" in proxy.log, "the start")
    proxy.log_file.rename(proxy.log_file.with_suffix(".1"))
    proxy.signal(signal.SIGHUP)
    wait_until(proxy.log_file.exists, "the new file")
    proxy.signal(signal.SIGUSR2)
    wait_until(lambda: "signal 12 (SIGUSR2) received\n" in proxy.log, "a new line")
    rotated = proxy.log_file.with_suffix(".1").read_text()
    assert "signal 1 (SIGHUP) received, reopening log file\n" in rotated


@pytest.mark.parametrize("rotated", [False, True])
def test_a_crash_leaves_its_stack_in_the_log(supervised: Start, rotated: bool) -> None:
    proxy = supervised(CONFIG)
    if rotated:
        proxy.log_file.rename(proxy.log_file.with_suffix(".1"))
        proxy.signal(signal.SIGHUP)
        wait_until(proxy.log_file.exists, "the new file")
        proxy.signal(signal.SIGUSR2)
        wait_until(lambda: "(SIGUSR2)" in proxy.log, "a line in the new file")
    proxy.signal(signal.SIGSEGV)
    assert ended(proxy) == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in proxy.log
    assert "most recent call first" in proxy.log


def test_int_ends_at_once_with_clients_and_status_1(supervised: Start) -> None:
    proxy = supervised(CONFIG)
    with proxy.connect() as client:
        who(client)
        proxy.signal(INT)
        assert ended(proxy) == 1
        client.read_to_end()
    assert proxy.log.endswith("signal 2 (SIGINT) received, exiting\n")


def test_term_waits_for_clients_and_takes_no_new_ones(supervised: Start) -> None:
    proxy = supervised(CONFIG)
    with proxy.connect() as client:
        who(client)
        proxy.signal(TERM)
        wait_until(lambda: _refused(proxy.port), "the listener to be gone")
        assert who(client).pool == "alpha"
        assert proxy.running
    assert ended(proxy) == 0
    assert proxy.log.endswith("done, rabbit done\n")


def _refused(port: int) -> bool:
    try:
        Wire(port).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_drain_leaves_the_ports_to_the_successor(supervised: Start) -> None:
    proxy = supervised(CONFIG)
    with proxy.connect() as client:
        who(client)
        proxy.signal(TERM)
        for port in (proxy.port, proxy.stats_port):
            wait_until(partial(_refused, port), "the listener to be gone")
            socket.create_server((LOOPBACK, port)).close()
        assert proxy.running
    assert ended(proxy) == 0


def test_a_drain_can_be_watched(
    supervised: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    proxy = supervised(CONFIG)
    with proxy.connect() as client:
        who(client)
        proxy.signal(TERM)
        wait_until(partial(_refused, proxy.stats_port), "the listener to be gone")
        assert cli.main(["stats", "--pid", str(proxy.pid)]) == 0
        assert "alpha" in capsys.readouterr().out
    assert ended(proxy) == 0


@pytest.mark.parametrize(("second", "status"), [(TERM, -TERM), (INT, 1)])
def test_a_second_signal_ends_a_drain_at_once(
    supervised: Start, second: signal.Signals, status: int
) -> None:
    proxy = supervised(CONFIG)
    workers = wait_workers(proxy)
    with proxy.connect() as client:
        who(client)
        proxy.signal(TERM)
        wait_until(lambda: "received, draining" in proxy.log, "the drain")
        proxy.signal(second)
        assert ended(proxy) == status
    assert f"signal {second.value} ({second.name}) received, exiting" in proxy.log
    assert not _alive(workers)


def test_a_drain_ends_after_its_timeout(supervised: Start) -> None:
    proxy = supervised(CONFIG, "--drain-timeout", "0.2")
    with proxy.connect() as client:
        who(client)
        proxy.signal(TERM)
        assert ended(proxy) == 0
    assert "drain took too long" in proxy.log


def test_workers_do_not_outlive_a_killed_supervisor(supervised: Start) -> None:
    proxy = supervised(CONFIG, "--workers", "2")
    workers = wait_workers(proxy, 2)
    proxy.signal(signal.SIGKILL)
    ended(proxy)
    wait_until(lambda: not _alive(workers), "the end of the workers")


def _alive(pids: set[int]) -> bool:
    return any(Path(f"/proc/{pid}").exists() for pid in pids)


# Sockets.


def test_a_unix_socket_has_its_mode_and_is_removed(supervised: Start) -> None:
    proxy = supervised(pool("alpha", "@DIR@/p.sock 0640"))
    path = proxy.directory / "p.sock"
    assert path.stat().st_mode & 0o777 == 0o640
    with Wire(path) as client:
        assert who(client).pool == "alpha"
    proxy.signal(TERM)
    assert ended(proxy) == 0
    assert not path.exists()


def test_what_is_no_socket_is_not_unlinked(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("precious")
    with Reservation() as stats:
        config = pool("alpha", f"{tmp_path}/data")
        end = run_to_end(tmp_path, config, "-s", str(stats.port), "-a", LOOPBACK)
    assert "Address already in use" in end.stderr
    assert (tmp_path / "data").read_text() == "precious"


def test_ipv6_listens(supervised: Start) -> None:
    with Reservation("::1") as own:
        supervised(CONFIG + pool("beta", f"::1:{own.port}"))
        with Wire(("::1", own.port)) as client:
            assert who(client).pool == "beta"
