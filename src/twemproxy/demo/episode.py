"""One failure, told as it happens: a kill, an ejection, a restart, a return."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from twemproxy.demo.backends import Backend
from twemproxy.demo.front import Pool
from twemproxy.demo.monitor import Monitor
from twemproxy.demo.processes import DemoError

NOTICE_WAIT_S: Final = 10
OUTAGE_S: Final = 2.5
SETTLE_S: Final = 0.6


class ServerState(Enum):
    """What is known of a server."""

    LIVE = "live"
    KILLED = "killed"
    EJECTED = "ejected"
    RESTARTED = "restarted"


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the story."""

    at_s: float
    text: str


class Episode:
    """Lets one server after the other fail; `states` has those not live."""

    def __init__(self, monitor: Monitor, pool: Pool) -> None:
        """Play with the servers of `pool`, seen through `monitor`."""
        self.events: list[Event] = []
        self.states: dict[str, ServerState] = {}
        self.played = 0
        self._monitor = monitor
        self._pool = pool

    async def play(self, backend: Backend) -> None:
        """Kill `backend`, await its ejection, restart it, await its return."""
        pid = backend.pid
        ejected_at = self._figure(backend, "server_ejected_at")
        self._monitor.outage = True
        backend.kill()
        killed_s = time.monotonic()
        self._enter(backend, ServerState.KILLED, f"{backend.name} (pid {pid}) killed")
        await self._until(
            lambda: self._figure(backend, "server_ejected_at") > ejected_at,
            f"the proxy never ejected {backend.name}",
        )
        self._enter(
            backend,
            ServerState.EJECTED,
            f"{backend.name} ejected {time.monotonic() - killed_s:.1f} s later, "
            "the others have its keys",
        )
        await asyncio.sleep(OUTAGE_S)
        backend.launch()
        restarted_s = time.monotonic()
        responses = self._figure(backend, "responses")
        self._enter(
            backend,
            ServerState.RESTARTED,
            f"{backend.name} restarted, empty (pid {backend.pid})",
        )
        await self._until(
            lambda: self._figure(backend, "responses") > responses,
            f"the proxy never took {backend.name} back",
        )
        self._enter(
            backend,
            ServerState.LIVE,
            f"{backend.name} back after {time.monotonic() - restarted_s:.1f} s, "
            "its keys too",
        )
        await asyncio.sleep(SETTLE_S)
        self._monitor.outage = False
        self.played += 1

    def _figure(self, backend: Backend, name: str) -> int:
        return self._monitor.figure(self._pool.name, backend.name, name)

    def _enter(self, backend: Backend, state: ServerState, text: str) -> None:
        self.states[backend.name] = state
        elapsed_s = time.monotonic() - self._monitor.started_s
        self.events.append(Event(elapsed_s, text))

    async def _until(self, seen: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + NOTICE_WAIT_S
        while not seen():
            if time.monotonic() > deadline:
                raise DemoError(otherwise)
            await asyncio.sleep(0.05)
