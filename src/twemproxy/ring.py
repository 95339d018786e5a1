"""A pool's placement as a library: the server of any key.

The same compiled code as in the proxy, without the proxy: for clients that want to
talk to a server directly, for migrations, and to look before changing a pool.
"""

from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple

from twemproxy.config.address import parse_server
from twemproxy.config.model import PoolConfig
from twemproxy.config.settings import DISTRIBUTIONS, HASHES, MAX_NUMBER
from twemproxy.config.values import Unfit
from twemproxy.errors import ConfigError, Refused
from twemproxy.hashing.distribution import Distribution
from twemproxy.hashing.hash_tag import tagged_span

TAG_BYTES = 2


class Placement(NamedTuple):
    """How one key came to its server, step by step."""

    key: bytes
    tag: bytes  # the part that is hashed: between the pool's hash tag, or all
    hash: int | None  # None where the key has no say: one server, or `random`
    point: int | None  # on the continuum, at or after the hash; a slot in `modula`
    home: str | None  # the server while all are live, None in `random`
    server: str | None  # the server now, None while all are ejected

    @property
    def moved(self) -> bool:
        """Whether ejections took the key from the server it belongs to."""
        return self.home is not None and self.home != self.server


class Keys:
    """Many keys, to be placed by one ring after another."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        """Put them into one block."""
        given = list(keys)
        self.block = bytearray().join(given)
        self.ends = list(accumulate(map(len, given)))

    def __len__(self) -> int:
        """Tell how many there are."""
        return len(self.ends)


class Ring:
    """The servers of one pool and the rule that gives each key to one of them.

    Servers are written as in the configuration file, or are pairs of label and
    weight; the order does not matter, as the proxy sorts them by label.

    >>> ring = Ring(["10.0.0.1:6379:1 a", "10.0.0.2:6379:1 b", ("c", 2)])
    >>> ring.server("user:1")
    'c'
    >>> ring.eject("c")
    >>> ring.server("user:1")
    'a'
    >>> ring.readmit("c")
    >>> tagged = Ring(["h:1:1 a", "h:2:1 b"], hash="murmur", hash_tag="{}")
    >>> tagged.server("{user:1}:cart") == tagged.server("{user:1}:name")
    True

    Always true between two calls: `labels` are in the order given, and the
    distribution knows exactly the servers that `ejected` does not name.
    """

    def __init__(
        self,
        servers: Iterable[str | tuple[str, int]],
        *,
        hash: str = "fnv1a_64",  # noqa: A002 - the configuration's word
        distribution: str = "ketama",
        hash_tag: str | bytes = "",
    ) -> None:
        """Raise `ConfigError` for what a configuration file may not say either."""
        given = [_label_and_weight(server) for server in servers]
        tag = hash_tag.encode() if isinstance(hash_tag, str) else hash_tag
        _check([label for label, _ in given], hash, distribution, tag)
        self.labels = tuple(label for label, _ in given)
        self._settings = (distribution, hash, tag)
        self._placed = sorted(given, key=lambda pair: _placement(pair[0]))
        order = {label: index for index, label in enumerate(self.labels)}
        self._given_index = [order[label] for label, _ in self._placed]
        self._ejected: set[str] = set()
        self._all_live = self._distribution = self._distribute()

    @classmethod
    def from_pool(cls, pool: PoolConfig) -> "Ring":
        """Take servers and rule from a pool of a configuration that was read."""
        return cls(
            [(server.label, server.weight) for server in pool.servers],
            hash=pool.hash,
            distribution=pool.distribution,
            hash_tag=pool.hash_tag,
        )

    def __repr__(self) -> str:
        """Name the rule and the size."""
        kind, name, tag = self._settings
        return (
            f"<Ring {kind} {name} tag {tag!r}: {len(self.labels)} servers, "
            f"{len(self._ejected)} ejected>"
        )

    @property
    def ejected(self) -> frozenset[str]:
        """The labels of the servers that are out."""
        return frozenset(self._ejected)

    def index(self, key: str | bytes) -> int:
        """Return the position of the key's server among those given.

        Raise `Refused` when all are ejected. Text counts as UTF-8.
        """
        buf = bytearray(_raw(key))
        placed = self._distribution.server(buf, 0, len(buf))
        if placed < 0:
            raise Refused("all servers are ejected")
        return self._given_index[placed]

    def indexes(self, keys: Keys) -> list[int]:
        """Return what `index` does for each of many keys, ten times as fast."""
        if not self._distribution.live_count:
            raise Refused("all servers are ejected")
        placed = self._distribution.servers(keys.block, keys.ends)
        return list(map(self._given_index.__getitem__, placed))

    def server(self, key: str | bytes) -> str:
        """Return the label of the key's server; else as `index`."""
        return self.labels[self.index(key)]

    def explain(self, key: str | bytes) -> Placement:
        """Return each step from the key to its server; never refuses."""
        raw = _raw(key)
        buf = bytearray(raw)
        start, end = 0, len(buf)
        distribution, _, tag = self._settings
        if tag:
            start, end = tagged_span(buf, start, end, tag[0], tag[1])
        now = self._distribution
        h = point = home = None
        if now.hashes:
            h = now.hash_key(buf, 0, len(buf))
            point = now.point(h) if now.live_count else None
        if distribution != "random":
            home = self._label(self._all_live.server(buf, 0, len(buf)))
        server = self._label(now.server(buf, 0, len(buf)))
        return Placement(raw, raw[start:end], h, point, home, server)

    def eject(self, label: str) -> None:
        """Leave this server out until it is readmitted, as after failures."""
        self._require(label)
        if self._distribution is self._all_live:
            self._distribution = self._distribute()
        self._ejected.add(label)
        self._rebuild()

    def readmit(self, label: str) -> None:
        """Let an ejected server own its keys again."""
        self._require(label)
        self._ejected.discard(label)
        self._rebuild()

    def _require(self, label: str) -> None:
        if label not in self.labels:
            raise KeyError(label)

    def _label(self, placed: int) -> str | None:
        return self._placed[placed][0] if placed >= 0 else None

    def _distribute(self) -> Distribution:
        labels = [label.encode() for label, _ in self._placed]
        weights = [weight for _, weight in self._placed]
        return Distribution(*self._settings, labels, weights)

    def _rebuild(self) -> None:
        if self._ejected:
            live = [label not in self._ejected for label, _ in self._placed]
            self._distribution.rebuild(live)
        else:
            self._distribution = self._all_live


def _raw(key: str | bytes) -> bytes:
    """Read a key; a number must not become so many zero bytes."""
    if isinstance(key, str):
        return key.encode()
    if not isinstance(key, bytes | bytearray | memoryview):
        raise TypeError(f"key {key!r}, expected str or bytes")
    return bytes(key)


def _placement(label: str) -> tuple[int, bytes]:
    """Sort as the C program does: the shorter label first, then bytewise."""
    raw = label.encode()
    return len(raw), raw


def _label_and_weight(server: str | tuple[str, int]) -> tuple[str, int]:
    if isinstance(server, str):
        try:
            parsed = parse_server(server)
        except Unfit as unfit:
            raise ConfigError(f"server {server!r}, expected {unfit}") from unfit
        return parsed.label, parsed.weight
    label, weight = server
    if not 0 < weight <= MAX_NUMBER:
        raise ConfigError(f"weight {weight} of {label!r}, expected 1 to {MAX_NUMBER}")
    return label, weight


def _check(labels: list[str], name: str, distribution: str, hash_tag: bytes) -> None:
    if not labels:
        raise ConfigError("no servers, expected at least one")
    if len(set(labels)) != len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise ConfigError(f"two servers with the label {twice!r}")
    if name not in HASHES:
        raise ConfigError(f"hash {name!r}, expected one of {', '.join(HASHES)}")
    if distribution not in DISTRIBUTIONS:
        expected = ", ".join(DISTRIBUTIONS)
        raise ConfigError(f"distribution {distribution!r}, expected one of {expected}")
    if len(hash_tag) not in (0, TAG_BYTES):
        raise ConfigError(f"hash tag {hash_tag!r}, expected two bytes")
