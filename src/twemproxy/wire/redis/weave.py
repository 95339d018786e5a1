"""The strings of several arrays in one order; interpreted: twin of ``weave.pyx``.

    arrays   0: a1 a2 a3    1: b1 b2      places   0 1 1 0 0
    woven    a1 b1 b2 a2 a3

Only strings and nulls can be woven, as `ResponseScanner` has found them to be.
"""

from twemproxy.span import check
from twemproxy.wire.redis.bulk import after_bulk


class Weaver:
    """Takes the strings of `arrays` one by one, each from the one `places` names.

    `taken` of them have been. The last that was passed by was in array `place` and
    began at `start`.
    """

    __slots__ = ("bufs", "count", "place", "places", "spans", "start", "taken")

    def __init__(self, places: bytearray, arrays: int) -> None:
        self.places = places
        self.count = len(places) // 2
        self.bufs = [bytearray()] * arrays
        self.spans = [(0, 0)] * arrays
        self.taken = 0
        self.place = 0
        self.start = 0

    def put(self, place: int, buf: bytearray, start: int, end: int) -> None:
        """Take this for the array of that place: the strings in buf[start:end]."""
        check(buf, start, end)
        self.bufs[place] = buf
        self.spans[place] = start, end

    def fill(self, target: bytearray, at: int, longest: int) -> int:
        """Copy strings to target[at:] while they fit; return where they end.

        One of more than `longest` bytes is left to `skip`. Raise ValueError where
        there is no string, and IndexError where there is no such place.
        """
        check(target, at, len(target))
        while self.taken < self.count:
            size = self._look()
            if size > longest or size > len(target) - at:
                break
            end = self.skip()
            target[at : at + size] = self.bufs[self.place][self.start : end]
            at += size
        return at

    def skip(self) -> int:
        """Pass by the next string; return where that ends in its array."""
        size = self._look()
        self.start, end = self.spans[self.place]
        self.spans[self.place] = self.start + size, end
        self.taken += 1
        return self.start + size

    def _look(self) -> int:
        """Find the next string and return its size."""
        if self.taken >= self.count:
            raise IndexError(f"{self.taken} of {self.count}")
        low, high = self.places[2 * self.taken : 2 * self.taken + 2]
        self.place = low + 256 * high
        buf = self.bufs[self.place]
        start, end = self.spans[self.place]
        if buf[start:end].startswith(b"_\r\n"):
            return 3
        behind = after_bulk(buf, start, end)
        if behind < 0:
            raise ValueError(f"no string at {start} of array {self.place}")
        return behind - start


def weaver_of(places: bytearray, arrays: int) -> Weaver:
    """Return one for so many arrays; `places` has two bytes for each string."""
    return Weaver(places, arrays)
