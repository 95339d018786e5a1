"""What tests of the supervisor ask: who answers here, which workers are there."""

import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tests.support.ports import LOOPBACK
from tests.support.proxy import Proxy, environment, program
from tests.support.waiting import wait_until
from tests.support.wire import Wire

WITH_FAKE_WORKER: Final = shlex.join(
    [sys.executable, str(Path(__file__).with_name("supervised.py"))]
)
NOWHERE: Final = f"{LOOPBACK}:1:1 server1"  # a server that nothing is sent to


class Identity(NamedTuple):
    """What a fake worker says it is."""

    pool: str
    generation: int
    pid: int


def pool(name: str, listen: str, *settings: str) -> str:
    """The lines of a pool whose server is never needed."""
    rows = [f"{name}:", f"  listen: {listen}", *(f"  {row}" for row in settings)]
    return "\n".join([*rows, "  servers:", f"   - {NOWHERE}", ""])


def who(conn: Wire) -> Identity:
    """Ask the fake worker behind a connection who it is."""
    conn.send(b"who\n")
    name, generation, pid = conn.read_line().split()
    return Identity(name.decode(), int(generation), int(pid))


def workers_of(proxy: Proxy) -> set[int]:
    """The pids of a supervisor's children."""
    path = Path(f"/proc/{proxy.pid}/task/{proxy.pid}/children")
    return {int(pid) for pid in path.read_text().split()}


def wait_workers(proxy: Proxy, count: int = 1) -> set[int]:
    """The pids of that many workers, once all were started."""
    wait_until(lambda: len(workers_of(proxy)) == count, f"{count} workers")
    return workers_of(proxy)


def run_to_end(
    directory: Path, config: str, *arguments: str
) -> "subprocess.CompletedProcess[str]":
    """Run the program on a configuration that it will not serve."""
    (directory / "nutcracker.yml").write_text(config)
    return run_command(directory, ["-c", "nutcracker.yml", *arguments])


def run_command(
    directory: Path, arguments: Sequence[str]
) -> "subprocess.CompletedProcess[str]":
    """Run the program with these arguments until it ends by itself."""
    return subprocess.run(
        [*program(), *arguments],
        cwd=directory,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
