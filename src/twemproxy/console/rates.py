"""What happened between two looks at a running proxy, ready to be shown.

Counters become rates, histograms the times of the requests in between. A counter that
went back, because another proxy answers now, counts as new.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from twemproxy.console.facts import Document, count, text, within
from twemproxy.stats.histogram import quantile_us

MEDIAN: Final = 0.5
TAIL: Final = 0.99

State = Mapping[str, Any]  # what /state answers


class ClassLook(NamedTuple):
    """One class of commands of a pool."""

    name: str
    requests_s: float
    median_us: float | None
    tail_us: float | None


class PoolLook(NamedTuple):
    """One pool."""

    name: str
    clients: int
    requests_s: float
    errors_s: float
    bytes_in_s: float
    bytes_out_s: float
    median_us: float | None
    tail_us: float | None
    classes: list[ClassLook]  # those that were asked for


class ServerLook(NamedTuple):
    """One server."""

    pool: str
    label: str
    state: str
    requests_s: float
    errors_s: float
    queued: int
    conns: int
    queue_us: float | None  # the tail of the time in the queue
    median_us: float | None
    tail_us: float | None


class Look(NamedTuple):
    """Everything at one moment."""

    source: str
    uptime_s: int
    workers: int
    generation: int
    connections: int
    requests_s: float
    pools: list[PoolLook]
    servers: list[ServerLook]


def compare(before: State, after: State, elapsed_s: float) -> Look:
    """Look at the time between two states."""
    stats = after["stats"]
    interval = _Interval(before, after, max(elapsed_s, 0.001))
    pools = [interval.pool(name) for name in after["histograms"]]
    return Look(
        text(stats, "source"),
        count(stats, "uptime"),
        count(stats, "workers"),
        count(stats, "generation"),
        count(stats, "curr_connections"),
        sum(pool.requests_s for pool in pools),
        pools,
        [server for name in after["histograms"] for server in interval.servers(name)],
    )


class _Interval:
    """Subtracts one state from another, name by name."""

    def __init__(self, before: State, after: State, elapsed_s: float) -> None:
        self._before = before
        self._after = after
        self._elapsed_s = elapsed_s

    def pool(self, name: str) -> PoolLook:
        classes = [
            ClassLook(
                kind,
                sum(times) / self._elapsed_s,
                quantile_us(times, MEDIAN),
                quantile_us(times, TAIL),
            )
            for kind, times in self._times(name).items()
            if any(times)
        ]
        times = [
            sum(column) for column in zip(*self._times(name).values(), strict=True)
        ]
        return PoolLook(
            name,
            _at(self._after["stats"], (name, "client_connections")),
            self._rate(name, "client_requests"),
            self._rate(name, "forward_error") + self._rate(name, "protocol_errors"),
            self._server_rate(name, "request_bytes"),
            self._server_rate(name, "response_bytes"),
            quantile_us(times, MEDIAN),
            quantile_us(times, TAIL),
            classes,
        )

    def servers(self, pool: str) -> Iterator[ServerLook]:
        for label in self._after["histograms"][pool]["servers"]:
            now = within(within(self._after["stats"], pool), label)
            times = self._times(pool, label)
            errors_s = sum(
                self._rate(pool, label, name)
                for name in ("server_err", "server_timedout", "server_eof")
            )
            yield ServerLook(
                pool,
                label,
                _state(now),
                self._rate(pool, label, "requests"),
                errors_s,
                count(now, "in_queue") + count(now, "out_queue"),
                count(now, "server_connections"),
                quantile_us(times["queue"], TAIL),
                quantile_us(times["server"], MEDIAN),
                quantile_us(times["server"], TAIL),
            )

    def _server_rate(self, pool: str, name: str) -> float:
        """Add up a rate of all servers: clients' bytes count only as they leave."""
        labels = self._after["histograms"][pool]["servers"]
        return sum(self._rate(pool, label, name) for label in labels)

    def _rate(self, *path: str) -> float:
        now = _at(self._after["stats"], path)
        past = _at(self._before["stats"], path)
        return (now - past if past <= now else now) / self._elapsed_s

    def _times(self, pool: str, label: str = "") -> dict[str, Sequence[int]]:
        past = _histograms(self._before, pool, label)
        return {
            name: _change(now, past.get(name) or [0] * len(now))
            for name, now in _histograms(self._after, pool, label).items()
        }


def _at(part: Document, path: Sequence[str]) -> int:
    for name in path[:-1]:
        part = within(part, name)
    return count(part, path[-1])


def _histograms(state: State, pool: str, label: str) -> dict[str, list[int]]:
    part = state["histograms"].get(pool, {})
    found: dict[str, list[int]] = (
        part.get("servers", {}).get(label, {}) if label else part.get("times", {})
    )
    return found


def _change(now: Sequence[int], past: Sequence[int]) -> Sequence[int]:
    changes = [after - before for after, before in zip(now, past, strict=True)]
    return changes if min(changes) >= 0 else now


def _state(server: Document) -> str:
    """Name the state: connections stay, so a server that lost its own is down."""
    if count(server, "ejected"):
        return "ejected"
    if count(server, "server_connections"):
        return "live"
    failed = count(server, "server_err") or count(server, "server_timedout")
    return "down" if failed else "idle"
