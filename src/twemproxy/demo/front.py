"""The proxy of the demo: its configuration file, its process, its figures."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from twemproxy.demo.backends import Backend, wait_for_port
from twemproxy.demo.processes import LOOPBACK, DemoError, Process, free_port

# A failure is noticed at once and a server is tried again a second later, so
# that the episode fits into a few seconds. Both would be longer in production.
POOL: Final = """{name}:
  listen: {listen}
  redis: {redis}
  hash: fnv1a_64
  distribution: ketama
  timeout: 400
  auto_eject_hosts: true
  server_failure_limit: 2
  server_retry_timeout: 1000
  servers:
"""
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Pool:
    """A name, a port clients connect to, and the servers behind it."""

    name: str
    redis: bool
    port: int
    backends: Sequence[Backend]

    @property
    def text(self) -> str:
        """The pool as the configuration file has it."""
        head = POOL.format(
            name=self.name,
            listen=f"{LOOPBACK}:{self.port}",
            redis=str(self.redis).lower(),
        )
        rows = [f"    - {LOOPBACK}:{b.port}:1 {b.name}\n" for b in self.backends]
        return head + "".join(rows)


class Proxy:
    """A running proxy; one object is one process tree."""

    def __init__(self, command: list[str], pools: Sequence[Pool], folder: Path) -> None:
        """Write the configuration and start `command` with it."""
        self.pools = pools
        self.config = folder / "nutcracker.yml"
        self.config.write_text("".join(pool.text for pool in pools))
        self.stats_port = free_port()
        options = {
            "-c": str(self.config),
            "-a": LOOPBACK,
            "-s": str(self.stats_port),
            "-i": "100",
            "-o": str(folder / "nutcracker.log"),
        }
        words = [word for pair in options.items() for word in pair]
        self.process = Process([*command, *words], folder / "proxy.out")
        for port in [*(pool.port for pool in pools), self.stats_port]:
            wait_for_port(port, self.process)

    async def stats(self) -> dict[str, Any]:
        """Read the one document that the stats port gives per connection."""
        if not self.process.running:
            raise DemoError(f"the proxy ended:\n{self.process.last_words()}")
        reader, writer = await asyncio.open_connection(LOOPBACK, self.stats_port)
        try:
            document: dict[str, Any] = json.loads(await reader.read())
        finally:
            writer.close()
        return document

    def cpu_s(self) -> float:
        """CPU seconds of all its processes so far; 0.0 where /proc is not."""
        return sum(map(cpu_of, descendants(self.process.pid)))


def own_command() -> list[str]:
    """Return the command line of the proxy this demo belongs to."""
    return [sys.executable, "-m", "twemproxy"]


def descendants(pid: int) -> list[int]:
    """Return `pid` and every process below it."""
    found = [pid]
    for parent in found:
        try:
            text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
        except OSError:
            continue
        found += map(int, text.split())
    return found


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of one process, 0.0 if it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS_PER_S
