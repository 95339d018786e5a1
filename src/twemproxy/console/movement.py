"""Which keys another configuration takes from the server that has them.

Measured, not computed: a sample of keys goes through both pools' placement, by the
code that the proxy itself runs. A key stays where it is if its server keeps its label
or its address; a label that moves house takes its keys along, if the operator does.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from twemproxy.config.diff import address
from twemproxy.config.model import PoolConfig
from twemproxy.ring import Ring

DEFAULT_SAMPLE: Final = 100_000
NOWHERE: Final = "(gone)"
ANYWHERE: Final = "(any)"
SEED: Final = 22121  # the same sample every time, so that two runs can be compared


class Place(NamedTuple):
    """Where a pool looks for a key."""

    label: str
    address: str
    database: int
    redis: bool


class Movement(NamedTuple):
    """What became of the keys that were asked about."""

    keys: int
    moved: int
    flows: dict[tuple[str, str], int]  # moved keys, from label to label
    shares: dict[str, int]  # keys of each server afterwards

    @property
    def share(self) -> float:
        """The part that moved, from 0 to 1."""
        return self.moved / self.keys if self.keys else 0.0


class Placer:
    """Finds the place of any key in one pool."""

    def __init__(self, pool: PoolConfig) -> None:
        self._ring = Ring.from_pool(pool)
        self._places = [
            Place(server.label, address(server), pool.redis_db, pool.redis)
            for server in pool.servers
        ]
        # With `random` a key has no place of its own, unless there is only one.
        placed = pool.distribution != "random" or len(pool.servers) == 1
        self._anywhere = (
            None if placed else Place(ANYWHERE, "", pool.redis_db, pool.redis)
        )

    def place(self, key: bytes) -> Place:
        """Return where the key is while all servers are live."""
        return self._anywhere or self._places[self._ring.index(key)]


def sample(count: int) -> Iterator[bytes]:
    """Make keys that look like nobody's in particular."""
    dice = random.Random(SEED)  # noqa: S311 # a sample, not a secret
    for _ in range(count):
        yield b"%016x" % dice.getrandbits(64)


def measure(
    old: PoolConfig | None, new: PoolConfig | None, keys: Iterable[bytes]
) -> Movement:
    """Place every key before and after; in a new pool nothing can have moved."""
    before = Placer(old) if old else None
    after = Placer(new) if new else None
    flows: Counter[tuple[str, str]] = Counter()
    shares: Counter[str] = Counter()
    total = 0
    for key in keys:
        total += 1
        target = after.place(key) if after else None
        if target:
            shares[target.label] += 1
        if before:
            source = before.place(key)
            if target is None or not _stays(source, target):
                flows[_flow(source, target)] += 1
    return Movement(total, sum(flows.values()), dict(flows), dict(shares))


def _stays(source: Place, target: Place) -> bool:
    if source[2:] != target[2:]:
        return False
    return source.label == target.label or source.address == target.address


def _flow(source: Place, target: Place | None) -> tuple[str, str]:
    if target is None:
        return source.label, NOWHERE
    if source.database == target.database:
        return source.label, target.label
    return (
        f"{source.label} db {source.database}",
        f"{target.label} db {target.database}",
    )
