"""The counters in the Prometheus and OpenMetrics formats, by the official library.

Names are made from the table of metrics: `twemproxy_`, the scope where the name does
not tell it, the name, the unit. Only `EXPORTED` names differ, where a name of the C
program says too little among the metrics of other programs. Imported only by a
process that was asked for a metrics port, because of the memory the library takes.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from twemproxy.stats.collect import total
from twemproxy.stats.histogram import bound_us, time_sum_us, times
from twemproxy.stats.metrics import (
    BLOCK_SLOTS,
    HISTOGRAM_BUCKETS,
    POOL,
    PROCESS,
    PROCESS_BLOCK,
    REQUEST_TIMES,
    SERVER,
    SERVER_TIMES,
    Histogram,
    Metric,
)
from twemproxy.stats.snapshot import Snapshot
from twemproxy.version import COMPATIBLE, VERSION

PREFIX: Final = "twemproxy_"
EXPORTED: Final = {
    ("process", "total_connections"): "connections",
    ("process", "curr_connections"): "open_connections",
    ("process", "heartbeat"): "heartbeat_age_seconds",
    ("process", "client_refused"): "process_client_refused",
    ("process", "generation"): "worker_config_generation",
    ("pool", "client_bytes_in"): "client_received_bytes",
    ("pool", "client_bytes_out"): "client_sent_bytes",
    ("server", "server_ejected_at"): "server_ejected_timestamp_seconds",
}
# What is in another unit here, or said there in the row above.
EXPLAINED: Final = {
    "heartbeat": "seconds since the event loop turned last",
    "server_ejected_at": "seconds since the epoch when server was ejected last",
    "server": "from when a request is written whole until the response",
}
REQUEST_TIME: Final = f"{PREFIX}request_duration_seconds"
SERVER_TIME: Final = {
    "queue": f"{PREFIX}server_queue_duration_seconds",
    "server": f"{PREFIX}server_duration_seconds",
}
# 64 µs to 17 s: what is outside is in the next bucket, nothing is lost.
SHOWN_BUCKETS: Final = range(2, HISTOGRAM_BUCKETS - 2)
MICRO: Final = 1e-6
ODD_VERSION: Final = re.compile(r"version\s*=(?!\s*[0-9]{1,9}(\.[0-9]{1,9})*\s*(;|\Z))")


def exported_name(metric: Metric) -> str:
    """Return the name of a row's family, a counter's without its ``_total``."""
    name = EXPORTED.get((metric.scope, metric.name), metric.name)
    if metric.scope == "server" and not name.startswith("server_"):
        name = f"server_{name}"
    return PREFIX + name


def page(snapshot: Snapshot, accept: str) -> tuple[bytes, str]:
    """Write the page in the format that `accept` prefers; its content type, too."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Reader(snapshot))
    encode, kind = choose_encoder(_understood(accept))
    return encode(registry), kind


def _understood(accept: str) -> str:
    """Leave out of an Accept header what the library stumbles over."""
    kinds = accept.replace('"', "").split(",")
    return ",".join(kind for kind in kinds if not ODD_VERSION.search(kind))


class _Reader(Collector):
    """Hands one snapshot to the library."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterable[Family]:
        yield from _facts(self._snapshot)
        yield from _process(self._snapshot)
        yield from _pools(self._snapshot)
        yield from _servers(self._snapshot)


def _facts(now: Snapshot) -> Iterator[Family]:
    about = {"version": VERSION, "compatible": COMPATIBLE}
    yield InfoMetricFamily(f"{PREFIX}build", "This program.", about)
    for name, text, value in (
        ("workers", "Worker processes.", len(now.views)),
        ("start_time_seconds", "When the supervisor started.", now.started_s),
        ("config_generation", "Configuration in force.", now.generation),
    ):
        yield GaugeMetricFamily(PREFIX + name, text, value)
    yield CounterMetricFamily(
        f"{PREFIX}config_reloads_failed", "Reloads refused.", now.failed_reloads
    )


def _process(now: Snapshot) -> Iterator[Family]:
    for metric in PROCESS:
        family = _family(metric, ("worker",))
        for index, view in enumerate(now.views):
            value: float = view[PROCESS_BLOCK * BLOCK_SLOTS + metric.slot]
            if metric.name == "heartbeat":
                value = max(0.0, (now.now_ms - value) / 1000)
            family.add_metric((str(index),), value)
        yield family


def _pools(now: Snapshot) -> Iterator[Family]:
    for metric in POOL:
        numbers = _family(metric, ("pool",))
        for pool in now.pools:
            numbers.add_metric((pool.name,), total(metric, pool.block, now.views))
        yield numbers
    family = HistogramMetricFamily(
        REQUEST_TIME,
        "From a request's arrival to its reply, by class of commands.",
        labels=("pool", "class"),
    )
    for pool in now.pools:
        for histogram in REQUEST_TIMES:
            labels = (pool.name, histogram.name)
            _observe(family, labels, pool.block, histogram, now.views)
    yield family


def _servers(now: Snapshot) -> Iterator[Family]:
    servers = [(pool.name, server) for pool in now.pools for server in pool.servers]
    for metric in SERVER:
        family = _family(metric, ("pool", "server"))
        scale = MICRO if metric.kind == "timestamp" else 1
        for pool, server in servers:
            value = total(metric, server.block, now.views) * scale
            family.add_metric((pool, server.label), value)
        yield family
    for histogram in SERVER_TIMES:
        times_family = HistogramMetricFamily(
            SERVER_TIME[histogram.name],
            _sentence(EXPLAINED.get(histogram.name, histogram.text)),
            labels=("pool", "server"),
        )
        for pool, server in servers:
            labels = (pool, server.label)
            _observe(times_family, labels, server.block, histogram, now.views)
        yield times_family


def _family(
    metric: Metric, labels: Sequence[str]
) -> CounterMetricFamily | GaugeMetricFamily:
    name = exported_name(metric)
    text = EXPLAINED.get(metric.name, metric.text.replace("# ", "number of ", 1))
    if metric.kind == "counter":
        return CounterMetricFamily(name, _sentence(text), labels=labels)
    return GaugeMetricFamily(name, _sentence(text), labels=labels)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _observe(
    family: HistogramMetricFamily,
    labels: Sequence[str],
    block: int,
    histogram: Histogram,
    views: Sequence[memoryview],
) -> None:
    """Add one pool's or server's times, each bucket with all that are below."""
    counts = times(block, [histogram], views)
    buckets = [
        (repr(bound_us(i) / 1_000_000), float(sum(counts[: i + 1])))
        for i in SHOWN_BUCKETS
    ]
    buckets.append(("+Inf", float(sum(counts))))
    family.add_metric(labels, buckets, time_sum_us(block, histogram, views) / 1_000_000)
