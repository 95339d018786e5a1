"""Add the workers' counters up into the stats document of the C program.

The document is one line of JSON, spaced as the original spaces it. Our own numbers
follow the original's keys of each object, so that a reader of the old document finds
everything where it was; they give way to a pool or server of the same name. Values are
read at the moment of asking.
"""

import json
from collections.abc import Container, Iterable, Sequence, Set
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
    taken = {pool.name for pool in served}
    own = {
        "release": f'"{VERSION}"',
        "workers": str(facts.workers),
        "generation": str(facts.generation),
    }
    head = [
        '"service":"nutcracker"',
        f'"source":{json.dumps(facts.source)}',
        f'"version":"{COMPATIBLE}"',
        f'"uptime":{facts.uptime_s}',
        f'"timestamp":{facts.timestamp_s}',
        *_process(len(served), taken, views),
        *(f'"{name}":{own[name]}' for name in own if name not in taken),
    ]
    body = ",".join(_pool(pool, views) for pool in served)
    return ("{" + ", ".join([*head, body] if body else head) + "}\n").encode()


def _process(listeners: int, taken: Set[str], views: Views) -> list[str]:
    """Spell the numbers of block 0; a listener, one a pool, is a connection too."""
    ours = dict.fromkeys(("total_connections", "curr_connections"), listeners)
    return [
        f'"{row.name}":{total(row, PROCESS_BLOCK, views) + ours.get(row.name, 0)}'
        for row in _shown(PROCESS, taken)
    ]


def _pool(pool: PoolBlock, views: Views) -> str:
    servers = ",".join(_server(server, views) for server in pool.servers)
    taken = {server.label for server in pool.servers}
    fields = _fields(_shown(POOL, taken), pool.block, views)
    return f"{json.dumps(pool.name)}: {{{fields}, {servers}}}"


def _server(server: ServerBlock, views: Views) -> str:
    fields = _fields(_shown(SERVER, ()), server.block, views)
    return f"{json.dumps(server.label)}: {{{fields}}}"


def _fields(rows: Iterable[Metric], block: int, views: Views) -> str:
    return ", ".join(f'"{row.name}":{total(row, block, views)}' for row in rows)


def _shown(rows: Iterable[Metric], taken: Container[str]) -> list[Metric]:
    """Leave out what is not for readers, and what would stand there twice."""
    return [
        row
        for row in rows
        if row.kind != "mark" and (row.original or row.name not in taken)
    ]
