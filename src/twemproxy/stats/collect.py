"""Add the workers' counters up into the stats document of the C program.

The document is one line of JSON, spaced as the original spaces it. Our own numbers
follow the original's keys of each object, so that a reader of the old document finds
everything where it was. Values are read at the moment of asking.
"""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from twemproxy.stats.metrics import (
    BLOCK_SLOTS,
    POOL,
    PROCESS,
    PROCESS_BLOCK,
    SERVER,
    Metric,
)
from twemproxy.version import COMPATIBLE, VERSION

Views = Sequence[memoryview]


class ServerBlock(NamedTuple):
    """Where the workers count for one server."""

    label: str
    block: int


class PoolBlock(NamedTuple):
    """Where the workers count for one pool, and for its servers in their order."""

    name: str
    block: int
    servers: tuple[ServerBlock, ...]


class Facts(NamedTuple):
    """What the supervisor knows itself."""

    source: str
    uptime_s: int
    timestamp_s: int
    workers: int
    generation: int


def total(metric: Metric, block: int, views: Views) -> int:
    """Add one number up over all workers."""
    at = block * BLOCK_SLOTS + metric.slot
    values = [view[at] for view in views]
    return max(values, default=0) if metric.kind == "timestamp" else sum(values)


def document(facts: Facts, pools: Iterable[PoolBlock], views: Views) -> bytes:
    """Spell the whole document, line feed included."""
    served = tuple(pools)
    head = [
        '"service":"nutcracker"',
        f'"source":{json.dumps(facts.source)}',
        f'"version":"{COMPATIBLE}"',
        f'"uptime":{facts.uptime_s}',
        f'"timestamp":{facts.timestamp_s}',
        *_process(len(served), views),
        f'"release":"{VERSION}"',
        f'"workers":{facts.workers}',
        f'"generation":{facts.generation}',
    ]
    body = ",".join(_pool(pool, views) for pool in served)
    return ("{" + ", ".join([*head, body] if body else head) + "}\n").encode()


def _process(listeners: int, views: Views) -> list[str]:
    """Spell the numbers of block 0; a listener, one a pool, is a connection too."""
    ours = dict.fromkeys(("total_connections", "curr_connections"), listeners)
    return [
        f'"{row.name}":{total(row, PROCESS_BLOCK, views) + ours.get(row.name, 0)}'
        for row in PROCESS
        if row.kind != "mark"
    ]


def _pool(pool: PoolBlock, views: Views) -> str:
    servers = ",".join(_server(server, views) for server in pool.servers)
    fields = _fields(POOL, pool.block, views)
    return f"{json.dumps(pool.name)}: {{{fields}, {servers}}}"


def _server(server: ServerBlock, views: Views) -> str:
    fields = _fields(SERVER, server.block, views)
    return f"{json.dumps(server.label)}: {{{fields}}}"


def _fields(rows: Iterable[Metric], block: int, views: Views) -> str:
    return ", ".join(
        f'"{row.name}":{total(row, block, views)}' for row in rows if row.kind != "mark"
    )
