"""What a newcomer sees first: it works, says so, and leaves nothing behind."""

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import family
from tests.support.proxy import environment
from tests.support.waiting import wait_until

END_PATIENCE_S = 30
SHOWN, HIDDEN = b"\x1b[?25h", b"\x1b[?25l"  # the cursor


@pytest.fixture
def scratch(tmp_path: Path) -> dict[str, str]:
    """An environment in which temporary files go to a folder of their own."""
    return {**environment(), "TMPDIR": str(tmp_path)}


@pytest.fixture
def demo(scratch: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """A demo that goes on until it is told to end."""
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "twemproxy", "demo"],
        env=scratch,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_the_demo_shows_a_failure_and_a_return(
    scratch: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twemproxy", "demo", "--once"],
        env=scratch,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for told in ("killed", "ejected", "restarted", "back after", "result     ok"):
        assert told in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_demo_that_is_ended_leaves_nothing(
    demo: "subprocess.Popen[str]", number: signal.Signals, tmp_path: Path
) -> None:
    assert demo.stdout is not None
    assert any("req/s" in line for line in demo.stdout)
    members = family(demo.pid)
    assert len(members) > len(["demo", "traffic", "supervisor", "worker", "valkey"])
    demo.send_signal(number)
    output, _ = demo.communicate(timeout=END_PATIENCE_S)
    assert "result" in output
    wait_until(lambda: not any(map(exists, members)), "all processes to end")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("has_shell", [True, False])
def test_a_demo_that_is_suspended_leaves_the_cursor(
    scratch: dict[str, str], has_shell: bool
) -> None:
    ours, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "twemproxy", "demo"],
        env={**scratch, "TERM": "xterm"},
        stdin=terminal,
        stdout=terminal,
        process_group=0 if has_shell else None,
        start_new_session=not has_shell,  # nobody is there to continue it
    ) as process:
        shown = b""

        def read_until(wanted: bytes) -> bool:
            nonlocal shown
            while wanted not in shown and select.select([ours], [], [], 0)[0]:
                shown += os.read(ours, 65536)
            return wanted in shown

        try:
            wait_until(lambda: read_until(b"requests/s"), "the picture")
            assert SHOWN not in shown
            process.send_signal(signal.SIGTSTP)
            wait_until(lambda: read_until(SHOWN), "the cursor")
            shown = shown.partition(SHOWN)[2]
            if has_shell:
                wait_until(lambda: is_stopped(process.pid), "the demo to stop")
                process.send_signal(signal.SIGCONT)
            wait_until(lambda: read_until(HIDDEN), "the demo to go on")
        finally:
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGINT)
            wait_until(lambda: read_until(b"result"), "the end")
    os.close(ours)
    os.close(terminal)


def is_stopped(pid: int) -> bool:
    """Whether a child of ours is stopped."""
    how = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, pid, how) is not None


def exists(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_wrong_word_ends_as_in_every_command(scratch: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twemproxy", "demo", "--foo"],
        env=scratch,
        capture_output=True,
        text=True,
        timeout=END_PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("nutcracker demo: unrecognized arguments: --foo\n")
