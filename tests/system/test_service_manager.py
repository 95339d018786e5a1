"""systemd's side: notifications and sockets bound for us."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.crew import WITH_FAKE_WORKER, pool, who
from tests.support.ports import LOOPBACK, Reservation
from tests.support.proxy import Proxy, environment
from tests.support.waiting import text_of, wait_until
from tests.support.wire import Wire

Start = Callable[..., Proxy]
CONFIG = pool("alpha", "@LISTEN@")

# Becomes the program, with the listening socket as descriptor 3 and its own pid told.
ACTIVATE = (
    "import os, sys; os.environ['LISTEN_PID'] = str(os.getpid()); "
    "os.dup2(int(sys.argv[1]), 3); os.execvp(sys.argv[2], sys.argv[2:])"
)


def test_ready_reloading_and_stopping_are_told(supervised: Start) -> None:
    proxy = supervised(CONFIG)
    assert "READY=1" in proxy.notice()
    proxy.signal(signal.SIGUSR1)
    reloading, since = proxy.notice()
    assert reloading == "RELOADING=1"
    assert since.startswith("MONOTONIC_USEC=")
    assert proxy.notice() == ["READY=1"]
    proxy.signal(signal.SIGTERM)
    assert proxy.notice() == ["STOPPING=1"]
    assert proxy.wait_end() == 0


def test_the_watchdog_is_fed_while_workers_beat(
    supervised: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    proxy = supervised(CONFIG)
    assert "READY=1" in proxy.notice()
    assert proxy.notice() == ["WATCHDOG=1"]
    assert proxy.notice() == ["WATCHDOG=1"]


@pytest.mark.parametrize("promised", ["1", "9"])
def test_a_socket_bound_for_us_is_used(tmp_path: Path, promised: str) -> None:
    log = tmp_path / "log"
    with socket.create_server((LOOPBACK, 0)) as bound, Reservation() as stats:
        port = bound.getsockname()[1]
        (tmp_path / "c.yml").write_text(pool("alpha", f"{LOOPBACK}:{port}"))
        arguments = f"-c c.yml -o {log} -a {LOOPBACK} -s {stats.port}"
        command = [sys.executable, "-c", ACTIVATE, str(bound.fileno())]
        command += f"{WITH_FAKE_WORKER} {arguments}".split()
        with subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**environment(), "LISTEN_FDS": promised},
            pass_fds=(bound.fileno(),),
        ) as process:
            wait_until(lambda: "listening on '" in text_of(log), "the start")
            with Wire(port) as client:
                assert who(client).pool == "alpha"
            process.terminate()
            assert process.wait(5) == 0


def test_a_unix_socket_bound_for_us_has_the_mode_of_its_pool(tmp_path: Path) -> None:
    log, path = tmp_path / "log", tmp_path / "pool"
    with socket.socket(socket.AF_UNIX) as bound, Reservation() as stats:
        bound.bind(str(path))
        bound.listen()
        path.chmod(0o755)
        (tmp_path / "c.yml").write_text(pool("alpha", f"{path} 0660"))
        arguments = f"-c c.yml -o {log} -a {LOOPBACK} -s {stats.port}"
        command = [sys.executable, "-c", ACTIVATE, str(bound.fileno())]
        command += f"{WITH_FAKE_WORKER} {arguments}".split()
        with subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**environment(), "LISTEN_FDS": "1"},
            pass_fds=(bound.fileno(),),
        ) as process:
            wait_until(lambda: "listening on '" in text_of(log), "the start")
            assert path.stat().st_mode & 0o777 == 0o660
            process.terminate()
            assert process.wait(5) == 0
