"""Which keys another configuration takes from the server that has them.

Measured, not computed: a sample of keys goes through both pools' placement, by the
code that the proxy itself runs. A key stays where it is if its server keeps its label
or its address; a label that moves house takes its keys along, if the operator does.
"""

import random
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from twemproxy.config.diff import address
from twemproxy.config.model import PoolConfig
from twemproxy.ring import Keys, Ring

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


def sample(count: int) -> Iterator[bytes]:
    """Make keys that look like nobody's in particular."""
    dice = random.Random(SEED)  # noqa: S311 # a sample, not a secret
    for _ in range(count):
        yield b"%016x" % dice.getrandbits(64)


def measure(old: PoolConfig | None, new: PoolConfig | None, keys: Keys) -> Movement:
    """Place every key before and after; in a new pool nothing can have moved."""
    sources, homes = _placed(old, keys)
    targets, places = _placed(new, keys)
    flows: Counter[tuple[str, str]] = Counter()
    shares: Counter[str] = Counter()
    for (source, target), count in Counter(zip(homes, places, strict=True)).items():
        before, after = sources[source], targets[target]
        if after:
            shares[after.label] += count
        if before and not (after and _stays(before, after)):
            flows[_flow(before, after)] += count
    return Movement(len(keys), flows.total(), dict(flows), dict(shares))


def _placed(
    pool: PoolConfig | None, keys: Keys
) -> tuple[list[Place | None], list[int]]:
    """Return the places of a pool, and for each key the number of its place."""
    if pool is None:
        return [None], [0] * len(keys)
    if pool.distribution == "random" and len(pool.servers) > 1:
        # There a key has no place of its own.
        return [Place(ANYWHERE, "", pool.redis_db, pool.redis)], [0] * len(keys)
    places: list[Place | None] = [
        Place(server.label, address(server), pool.redis_db, pool.redis)
        for server in pool.servers
    ]
    return places, Ring.from_pool(pool).indexes(keys)


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
