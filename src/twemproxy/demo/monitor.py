"""What is known about the running demo, as one value per look.

Two sources are joined here: the reports of the traffic process (what clients saw)
and the proxy's own statistics (what each server did).
"""

import asyncio
import sys
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from twemproxy.demo.front import Proxy
from twemproxy.demo.processes import DemoError
from twemproxy.demo.tally import Tally

WINDOW_S: Final = 1.0
HISTORY: Final = 32


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One line of the table of servers."""

    pool: str
    name: str
    share: float
    requests_per_s: float


@dataclass(frozen=True, slots=True)
class Look:
    """Everything a view needs to draw; figures are those of the last second."""

    elapsed_s: float
    requests_per_s: float
    tally: Tally
    cpu_share: float
    servers: tuple[ServerRow, ...]
    history: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """Running totals at one moment."""

    at_s: float
    tally: Tally  # of the interval that ends here
    cpu_s: float
    requests: dict[str, int]  # by server, since the start


class Monitor:
    """Samples both sources; `total` holds the whole run."""

    def __init__(self, proxy: Proxy) -> None:
        """Watch `proxy`; nothing is read before `follow`."""
        self.total = Tally()
        self.unexpected_errors = 0
        self.outage = False  # while true, errors are what clients should see
        self.document: dict[str, Any] = {}
        self.started_s = time.monotonic()
        self._proxy = proxy
        self._samples: deque[Sample] = deque()
        self._history: deque[float] = deque([0.0] * HISTORY, HISTORY)
        self._first_cpu_s = proxy.cpu_s()

    async def follow(self, argv: list[str]) -> None:
        """Start the traffic process and take a sample at each of its reports."""
        traffic = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "twemproxy.demo.traffic",
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        if traffic.stdout is None:
            raise DemoError("the traffic process has no output")
        self.started_s = time.monotonic()
        self._first_cpu_s = self._proxy.cpu_s()
        try:
            while line := await traffic.stdout.readline():
                await self._sample(Tally.from_json(line))
        finally:
            if traffic.returncode is None:
                traffic.kill()
            await traffic.wait()
        raise DemoError("the traffic process ended")

    async def _sample(self, tally: Tally) -> None:
        self.document = await self._proxy.stats()
        self.total.add(tally)
        if not self.outage:
            self.unexpected_errors += tally.errors
        requests = {
            name: figures["requests"]
            for pool in self._proxy.pools
            for name, figures in servers_of(self.document[pool.name]).items()
        }
        now_s = time.monotonic()
        self._samples.append(Sample(now_s, tally, self._proxy.cpu_s(), requests))
        while now_s - self._samples[0].at_s > WINDOW_S * 1.2:
            self._samples.popleft()
        self._history.append(self.look().requests_per_s)

    def figure(self, pool: str, server: str, name: str) -> int:
        """Return one statistic of one server, 0 before the first sample."""
        value: int = self.document.get(pool, {}).get(server, {}).get(name, 0)
        return value

    def cpu_us_per_request(self) -> float:
        """CPU the proxy has used for each request of the whole run."""
        used_s = self._proxy.cpu_s() - self._first_cpu_s
        return used_s * 1e6 / self.total.requests if self.total.requests else 0.0

    def look(self) -> Look:
        """Return the figures of the last second."""
        elapsed_s = time.monotonic() - self.started_s
        window = Tally()
        samples = list(self._samples)
        if not samples[1:]:
            return Look(elapsed_s, 0.0, window, 0.0, (), tuple(self._history))
        first, last = samples[0], samples[-1]
        for sample in samples[1:]:
            window.add(sample.tally)
        span_s = last.at_s - first.at_s
        return Look(
            elapsed_s,
            window.requests / span_s,
            window,
            (last.cpu_s - first.cpu_s) / span_s,
            tuple(self._rows(first, last)),
            tuple(self._history),
        )

    def _rows(self, first: Sample, last: Sample) -> list[ServerRow]:
        rows = []
        span_s = last.at_s - first.at_s
        for pool in self._proxy.pools:
            names = [backend.name for backend in pool.backends]
            done = [last.requests[name] - first.requests[name] for name in names]
            rows += [
                ServerRow(pool.name, name, n / max(sum(done), 1), n / span_s)
                for name, n in zip(names, done, strict=True)
            ]
        return rows


def servers_of(pool: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Return the servers among the entries of one pool's statistics."""
    return {name: value for name, value in pool.items() if isinstance(value, dict)}
