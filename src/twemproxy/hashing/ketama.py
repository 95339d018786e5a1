"""Ketama: servers own points on a circle, a key belongs to the next point.

Each group of four points is one MD5 of ``<label>-<group>``, so a server keeps its
points whatever the others do, and losing one moves only that server's keys. A
server's number of points follows its share of the live weight, in single-precision
steps that sometimes lose a group: those steps are part of the placement.

Points are laid out once, in order, for the most that each server needs while all
are live; a rebuild only picks from them. MD5 spreads points evenly, so they are
sorted by dropping each into the slot its high bits name and tidying up after, and
the same slots then lead a lookup to within a point or two of its goal.
"""

from array import array
from struct import Struct

from twemproxy.hashing.continuum import Continuum
from twemproxy.hashing.md5 import md5_words

POINTS_PER_SERVER = 160
POINTS_PER_DIGEST = 4
MASK = 0xFFFFFFFF  # typed: a bare literal this large stays a Python int
MAX_TEXT = 272  # bytes of "<label>-<group>" that are hashed

_SINGLE = Struct("f")


def point_counts(weights: list[int], live: list[bool]) -> list[int]:
    """Return each server's number of points; an ejected one has none."""
    live_count = sum(live)
    total = _single(sum(w for w, up in zip(weights, live, strict=True) if up))
    counts = []
    for weight, up in zip(weights, live, strict=True):
        share = _single(_single(weight) / total) if up else 0.0
        groups = _single(_single(share * POINTS_PER_SERVER) / POINTS_PER_DIGEST)
        groups = _single(groups * live_count)
        counts.append(int(_single(groups + 1e-10)) * POINTS_PER_DIGEST)
    return counts


class Ketama(Continuum):
    """`points` ascends beside `owners`; the end of both repeats their beginning.

    * `first[slot]` is the index of the first point in or after that slot, where a
      slot is the high bits of a point: all but `shift` of them;
    * `laid` ascends and holds every point of `laid_counts`, in its upper half the
      point, in its lower half its serial, which `laid_owners` turns into a server.
    """

    __slots__ = (
        "first",
        "labels",
        "laid",
        "laid_counts",
        "laid_owners",
        "owners",
        "points",
        "shift",
        "weights",
    )

    def __init__(self, labels: list[bytes], weights: list[int]) -> None:
        """Start with every server live."""
        self.labels = labels
        self.weights = weights
        everyone = [True] * len(labels)
        self._lay(point_counts(weights, everyone))
        self.rebuild(everyone)

    def rebuild(self, live: list[bool]) -> None:
        """Pick the live servers' points, as many as their new share gives."""
        counts = point_counts(self.weights, live)
        if list(map(max, counts, self.laid_counts)) != self.laid_counts:
            usual = point_counts(self.weights, [True] * len(live))
            self._lay(list(map(max, counts, usual)))
        self._pick(counts)

    def owner(self, h: int) -> int:
        """Return the server of the first point at or after the hash."""
        return self.owners[self._index(h)]

    def point(self, h: int) -> int:
        """Return the first point at or after the hash, or the lowest of all."""
        return self.points[self._index(h)]

    def _index(self, h: int) -> int:
        """Walk from the first point of the hash's slot, or behind it, to the one."""
        slot = h >> self.shift
        at = self.first[slot]
        behind = self.first[slot + 1]
        while at < behind and self.points[at] < h:
            at += 1
        return at

    def _lay(self, counts: list[int]) -> None:
        """Compute the points of all servers and put them in order."""
        total = sum(counts)
        points = array("Q", bytes(8 * total))
        serial = 0
        for label, count in zip(self.labels, counts, strict=True):
            for group in range(count // POINTS_PER_DIGEST):
                text = bytearray(b"%b-%d" % (label, group))
                a, b, c, d = md5_words(text, 0, min(len(text), MAX_TEXT))
                points[serial] = a << 32 | serial
                points[serial + 1] = b << 32 | serial + 1
                points[serial + 2] = c << 32 | serial + 2
                points[serial + 3] = d << 32 | serial + 3
                serial += POINTS_PER_DIGEST
        self.shift = 32 - max(total.bit_length(), 1)
        self.laid = _sorted(points, self.shift + 32)
        self.laid_counts = counts
        self.laid_owners = array(
            "I", [i for i, count in enumerate(counts) for _ in range(count)]
        )

    def _pick(self, counts: list[int]) -> None:
        """Fill the lookup tables with each server's first `counts` points."""
        limits = _limits(self.laid_counts, counts)
        total = sum(counts)
        self.points = array("I", bytes(4 * (total + 1)))
        self.owners = array("I", bytes(4 * (total + 1)))
        slots = 1 << (32 - self.shift)
        self.first = array("I", bytes(4 * (slots + 1)))
        at = 0
        slot = 0
        for i in range(len(self.laid)):
            serial = self.laid[i] & MASK
            index = self.laid_owners[serial]
            if serial < limits[index]:
                point = self.laid[i] >> 32
                while slot <= point >> self.shift:
                    self.first[slot] = at
                    slot += 1
                self.points[at] = point
                self.owners[at] = index
                at += 1
        while slot <= slots:
            self.first[slot] = at
            slot += 1
        self.points[at] = self.points[0]
        self.owners[at] = self.owners[0]


def _limits(laid_counts: list[int], counts: list[int]) -> "array[int]":
    """Return the serial at which each server's picked points end."""
    limits = array("I")
    begin = 0
    for laid, count in zip(laid_counts, counts, strict=True):
        limits.append(begin + count)
        begin += laid
    return limits


def _sorted(values: "array[int]", shift: int) -> "array[int]":
    """Sort evenly spread 64-bit values in linear time, by their high bits first."""
    begins = array("I", bytes(4 * ((1 << (64 - shift)) + 1)))
    for i in range(len(values)):
        begins[(values[i] >> shift) + 1] += 1
    for i in range(1, len(begins)):
        begins[i] += begins[i - 1]
    ordered = array("Q", bytes(8 * len(values)))
    for i in range(len(values)):
        slot = values[i] >> shift
        ordered[begins[slot]] = values[i]
        begins[slot] += 1
    for i in range(1, len(ordered)):
        value = ordered[i]
        at = i
        while at > 0 and ordered[at - 1] > value:
            ordered[at] = ordered[at - 1]
            at -= 1
        ordered[at] = value
    return ordered


def _single(value: float) -> float:
    """Round to an IEEE single, as the C program's floats do at every step."""
    return _SINGLE.unpack(_SINGLE.pack(value))[0]  # type: ignore[no-any-return]
