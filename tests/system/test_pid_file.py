"""The pid file: what is in it, when it goes, and whose it is."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.crew import pool, run_to_end
from tests.support.proxy import Proxy

Start = Callable[..., Proxy]
CONFIG = pool("alpha", "@LISTEN@")
TERM, INT = signal.SIGTERM, signal.SIGINT


@pytest.mark.parametrize(("number", "status"), [(TERM, 0), (INT, 1)])
def test_the_pid_file_has_the_bare_number_and_goes_with_us(
    supervised: Start, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    path = tmp_path / "pid"
    path.write_text("99999999 left behind")
    proxy = supervised(CONFIG, "-p", str(path))
    assert path.read_text() == str(proxy.pid)
    assert path.stat().st_mode & 0o777 == 0o644
    proxy.signal(number)
    assert proxy.wait_end() == status
    assert not path.exists()


def test_a_start_that_fails_leaves_the_pid_file_to_who_runs(
    supervised: Start, tmp_path: Path
) -> None:
    path = tmp_path / "pid"
    proxy = supervised(CONFIG, "-p", str(path))
    end = run_to_end(tmp_path, "alpha:\n  nonsense: 1\n", "-p", str(path))
    assert end.returncode == 1
    assert path.read_text() == str(proxy.pid)
    proxy.signal(TERM)
    assert proxy.wait_end() == 0
    assert not path.exists()


def test_a_pid_file_that_is_a_pipe_holds_up_no_end(
    supervised: Start, tmp_path: Path
) -> None:
    """As /dev/stdout may be: to read it would be to wait for ourselves."""
    path = tmp_path / "pid"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDWR)
    proxy = supervised(CONFIG, "-p", str(path))
    assert os.read(reader, 100) == str(proxy.pid).encode()
    proxy.signal(TERM)
    assert proxy.wait_end() == 0
    os.close(reader)
