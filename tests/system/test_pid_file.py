"""The pid file: what is in it, when it goes, and whose it is."""

import os
import shlex
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.crew import pool, run_to_end
from tests.support.proxy import Proxy, environment, program

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


def test_a_pid_file_that_is_a_pipe_without_a_reader_is_waited_for_until_a_signal(
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "pid")
    (tmp_path / "nutcracker.yml").write_text(CONFIG)
    with (tmp_path / "log").open("w") as written:
        waiting = subprocess.Popen(
            [*program(), "-c", "nutcracker.yml", "-p", "pid"],
            cwd=tmp_path,
            env=environment(),
            stderr=written,
        )
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(1.5)
        waiting.send_signal(TERM)
        assert waiting.wait(5) == 0
    finally:
        waiting.kill()


@pytest.mark.parametrize("most", [6, 8, 11])
def test_with_too_few_descriptors_to_begin_nothing_is_left_behind(
    tmp_path: Path, most: int
) -> None:
    (tmp_path / "nutcracker.yml").write_text(CONFIG)
    line = shlex.join([*program(), "-c", "nutcracker.yml", "-p", "pid", "-o", "log"])
    end = subprocess.run(
        ["bash", "-c", f"ulimit -n {most}; exec {line}"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (end.returncode, end.stderr) == (1, "")
    log = (tmp_path / "log").read_text()
    assert log.endswith("cannot start: Too many open files\n")
    assert not (tmp_path / "pid").exists()
