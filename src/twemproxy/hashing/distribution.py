"""From a key to its server: hash tag, hash function, continuum.

    key ▸ the part to hash ▸ 32-bit hash ▸ point on the continuum ▸ live server

A pool of one server skips all of it.
"""

from array import array

from twemproxy.hashing.continuum import Continuum
from twemproxy.hashing.hash_tag import tagged_span
from twemproxy.hashing.hashes import KINDS, hash_span, hash_spans
from twemproxy.hashing.ketama import Ketama
from twemproxy.hashing.modula import Modula
from twemproxy.hashing.random import Random


class Distribution:
    """Places keys on the live servers of one pool.

    Servers are known by their index in `labels`, which is in placement order.
    `hashes` is false where the key has no say: one server, or `random`.
    """

    __slots__ = (
        "closer",
        "continuum",
        "hash_kind",
        "hashes",
        "live_count",
        "opener",
        "pool_size",
        "tagged",
    )

    def __init__(
        self,
        kind: str,
        hash_name: str,
        hash_tag: bytes,
        labels: list[bytes],
        weights: list[int],
    ) -> None:
        """Start with every server live; labels and weights in placement order."""
        self.hash_kind = KINDS[hash_name]
        self.tagged = bool(hash_tag)
        self.opener, self.closer = hash_tag or b"\0\0"
        self.pool_size = self.live_count = len(labels)
        self.hashes = self.pool_size > 1 and kind != "random"
        self.continuum = _continuum(kind, labels, weights)

    def rebuild(self, live: list[bool]) -> None:
        """Take the servers that are live, and no others, into account."""
        self.live_count = sum(live)
        self.continuum.rebuild(live)

    def server(self, buf: bytearray, start: int, end: int) -> int:
        """Return the server for the key ``buf[start:end]``, -1 when none is live."""
        return self.server_of(self.hash_key(buf, start, end) if self.hashes else 0)

    def server_of(self, h: int) -> int:
        """Return the server for keys of this hash, -1 when none is live."""
        if self.live_count == 0:
            return -1
        if self.pool_size == 1:
            return 0
        return self.continuum.owner(h)

    def servers(self, block: bytearray, ends: list[int]) -> list[int]:
        """Return the server of each key in a block; the next begins where one ends."""
        owners = []
        start = 0
        for end in ends:
            owners.append(self.server(block, start, end))
            start = end
        return owners

    def hash_key(self, buf: bytearray, start: int, end: int) -> int:
        """Hash the part of the key that counts; an empty key hashes to 0."""
        if self.tagged:
            start, end = tagged_span(buf, start, end, self.opener, self.closer)
        if start == end:
            return 0
        return hash_span(self.hash_kind, buf, start, end)

    def hash_keys(
        self, buf: bytearray, spans: "array[int]", count: int, hashes: "array[int]"
    ) -> None:
        """Put what `hash_key` says of so many `spans`, start and end, into `hashes`.

        It is 0 where the key has no say. A span may become that of the key's tag.
        """
        if not self.hashes:
            for i in range(count):
                hashes[i] = 0
            return
        if self.tagged:
            self._narrow(buf, spans, count)
        hash_spans(self.hash_kind, buf, spans, count, hashes)
        for i in range(count):
            if spans[2 * i] == spans[2 * i + 1]:
                hashes[i] = 0

    def _narrow(self, buf: bytearray, spans: "array[int]", count: int) -> None:
        """Make each span that of the part of the key that counts."""
        for i in range(count):
            start, end = tagged_span(
                buf, spans[2 * i], spans[2 * i + 1], self.opener, self.closer
            )
            spans[2 * i] = start
            spans[2 * i + 1] = end

    def point(self, h: int) -> int:
        """Return the point a hash falls on; some server must be live."""
        return self.continuum.point(h)


def _continuum(kind: str, labels: list[bytes], weights: list[int]) -> Continuum:
    if kind == "ketama":
        return Ketama(labels, weights)
    if kind == "modula":
        return Modula(weights)
    if kind == "random":
        return Random(len(labels))
    raise ValueError(f"no distribution {kind!r}")
