"""systemd's side: notifications and sockets bound for us."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def activated(
    directory: Path, bound: socket.socket, config: str, promised: str = "1"
) -> Iterator[None]:
    """Run a proxy that finds `bound` as its descriptor 3; it ends in order."""
    log = directory / "log"
    (directory / "c.yml").write_text(config)
    with Reservation() as stats:
        arguments = f"-c c.yml -o {log} -a {LOOPBACK} -s {stats.port}"
        command = [sys.executable, "-c", ACTIVATE, str(bound.fileno())]
        with subprocess.Popen(
            [*command, *WITH_FAKE_WORKER.split(), *arguments.split()],
            cwd=directory,
            env={**environment(), "LISTEN_FDS": promised},
            pass_fds=(bound.fileno(),),
        ) as process:
            wait_until(lambda: "listening on '" in text_of(log), "the start")
            yield
            process.terminate()
            assert process.wait(5) == 0


@pytest.mark.parametrize("promised", ["1", "9"])
def test_a_socket_bound_for_us_is_used(tmp_path: Path, promised: str) -> None:
    with socket.create_server((LOOPBACK, 0)) as bound:
        port = bound.getsockname()[1]
        config = pool("alpha", f"{LOOPBACK}:{port}")
        with activated(tmp_path, bound, config, promised), Wire(port) as client:
            assert who(client).pool == "alpha"


def test_a_unix_socket_bound_for_us_has_the_mode_of_its_pool(tmp_path: Path) -> None:
    path = tmp_path / "pool"
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
        bound.listen()
        path.chmod(0o755)
        with activated(tmp_path, bound, pool("alpha", f"{path} 0660")):
            assert path.stat().st_mode & 0o777 == 0o660
