"""What is sent, one row per workload; the names are those of all our tables."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Workload:
    """Requests of one kind. `rate` 0: as fast as replies come (closed loop)."""

    name: str
    proto: str
    op: str
    conns: int = 50
    pipeline: int = 1
    keys: int = 1
    size: int = 100
    keyspace: int = 100_000
    rate: int = 0
    get_percent: int | None = None

    @property
    def prefix(self) -> str:
        """Keys of values of one size, so that every look-up hits."""
        return f"pb{self.size}:"


def both_protocols(proto: str, start: str) -> list[Workload]:
    """Return the workloads that both protocols have."""

    def row(name: str, op: str, **more: int) -> Workload:
        return Workload(start + name, proto, op, **more)

    large = {"size": 1_000_000, "keyspace": 16, "conns": 8}
    return [
        row("get", "get"),
        row("set", "set"),
        row("get-p16", "get", pipeline=16),
        row("set-p16", "set", pipeline=16),
        row("get-p64", "get", pipeline=64),
        row("get-c1000", "get", conns=1000),
        row("get-10k", "get", size=10_240, keyspace=2000),
        row("set-10k", "set", size=10_240, keyspace=2000),
        row("get-40k", "get", size=40_000, keyspace=500),
        row("get-1m", "get", **large),
        row("set-1m", "set", **large),
        row("mget10", "mget", keys=10),
        row("mget10-p16", "mget", keys=10, pipeline=16),
        row("mget10-10k", "mget", keys=10, size=10_240, keyspace=2000),
        row("mget100", "mget", keys=100),
        row("get-1mkeys", "get", keyspace=1_000_000),
        row("get-20k", "get", rate=20_000),
        row("mix-p4", "get", pipeline=4, get_percent=80),
    ]


ROWS: Final = [
    *both_protocols("redis", ""),
    Workload("mset10", "redis", "mset", keys=10),
    *both_protocols("memcached", "mc-"),
]
WORKLOADS: Final = {row.name: row for row in ROWS}

# What `--workload` takes besides single names.
GROUPS: Final[dict[str, list[str]]] = {
    "quick": ["get", "get-p16", "get-p64", "mget10", "get-1m", "mc-get", "mc-set-p16"],
    "redis": [row.name for row in ROWS if row.proto == "redis"],
    "memcached": [row.name for row in ROWS if row.proto == "memcached"],
    "all": [row.name for row in ROWS],
}


def chosen(names: list[str]) -> list[Workload]:
    """Return workloads by name or group, each once; raise `KeyError`."""
    single = [one for name in names for one in GROUPS.get(name, [name])]
    return [WORKLOADS[name] for name in dict.fromkeys(single)]
