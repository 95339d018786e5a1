"""systemd's side: notifications and sockets bound for us."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.crew import WITH_FAKE_WORKER, pool, who
from tests.support.ports import LOOPBACK, Reservation
from tests.support.proxy import Proxy, environment
from tests.support.waiting import wait_until
from tests.support.wire import Wire

Start = Callable[..., Proxy]
CONFIG = pool("alpha", "@LISTEN@")

# Becomes the program, with the listening socket as descriptor 3 and its own pid told.
ACTIVATE = (
    "import os, sys; os.environ['LISTEN_PID'] = str(os.getpid()); "
    "os.dup2(int(sys.argv[1]), 3); os.execvp(sys.argv[2], sys.argv[2:])"
)


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The service manager's end of its socket."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(path)
        end.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        yield end


def test_ready_reloading_and_stopping_are_told(
    manager: socket.socket, supervised: Start
) -> None:
    proxy = supervised(CONFIG)
    assert b"READY=1" in manager.recv(1000).split(b"\n")
    proxy.signal(signal.SIGUSR1)
    reloading = manager.recv(1000).split(b"\n")
    assert reloading[0] == b"RELOADING=1"
    assert reloading[1].startswith(b"MONOTONIC_USEC=")
    assert manager.recv(1000) == b"READY=1"
    proxy.signal(signal.SIGTERM)
    assert manager.recv(1000) == b"STOPPING=1"
    assert proxy.wait_end() == 0


def test_the_watchdog_is_fed_while_workers_beat(
    manager: socket.socket, supervised: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    supervised(CONFIG)
    assert b"READY=1" in manager.recv(1000)
    assert manager.recv(1000) == b"WATCHDOG=1"
    assert manager.recv(1000) == b"WATCHDOG=1"


def test_a_socket_bound_for_us_is_used(tmp_path: Path) -> None:
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
            env={**environment(), "LISTEN_FDS": "1"},
            pass_fds=(bound.fileno(),),
        ) as process:
            wait_until(lambda: "listening on '" in _read(log), "the start")
            with Wire(port) as client:
                assert who(client).pool == "alpha"
            process.terminate()
            assert process.wait(5) == 0


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""
