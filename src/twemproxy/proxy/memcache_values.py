"""The values of one request for many keys, from the responses to its fragments.

A value is recognised by its key, of which a hash is kept: so values leave in the
order of the keys also when some are missing, and a value that was not asked for
is found out before it reaches anybody.
"""

from array import array
from typing import Final

from twemproxy.net.outbox import Outbox
from twemproxy.proxy.line import Line
from twemproxy.proxy.request import Asker, Gather, Request
from twemproxy.wire.memcache import answers
from twemproxy.wire.memcache.plain import ValueWalker, key_hash

ROOM: Final = 128  # keys that a `Values` has room for at least
MAX_SPARE: Final = 64
END: Final = bytearray(answers.END)

_spare: Final[list["Values"]] = []  # those of `ROOM` keys wait for their next use


class Values(Gather):
    """The values of one request, found in the responses to its fragments.

    The keys of fragment `i` are `order[bounds[i]:bounds[i + 1]]`. `starts` and
    `ends` say where the value of each key lies in its fragment's response; an end
    of 0, beside a start of 0, means that it has none.
    """

    __slots__ = (
        "at",
        "bounds",
        "ends",
        "fragments",
        "hashes",
        "high",
        "keys",
        "late",
        "low",
        "order",
        "owners",
        "places",
        "starts",
    )

    late: dict[int, dict[int, list[int]]] | None

    def __init__(self, keys: int) -> None:
        """Have room for as many keys; `begin` before use."""
        self.hashes = array("q", bytes(8 * keys))
        self.starts = array("q", bytes(8 * keys))
        self.ends = array("q", bytes(8 * keys))
        self.places = array("i", bytes(4 * keys))  # the fragment of each key
        self.order = array("i", bytes(4 * keys))
        self.bounds = array("i", bytes(4 * (keys + 1)))

    def begin(self, keys: int) -> None:
        """Forget the last request; the next has as many keys."""
        self.failed = None
        self.pending = 0
        self.keys = keys
        self.owners: list[int] = []  # the server of each fragment
        self.fragments: list[Request] = []
        self.late = None  # see find_late
        self.at = 0  # in `order`: where `place` looks first
        self.low = self.high = 0  # see take_shared

    def take(
        self, number: int, walker: ValueWalker, buf: bytearray, start: int, end: int
    ) -> bool:
        """Find the values in the response to a fragment; false if one is a stranger.

        The walker that has walked over it may know them already.
        """
        self.at = self.bounds[number]
        if walker.values:
            begin = 0
            for i in range(walker.values):
                if not self.place(number, walker.hashes[i], begin, walker.ends[i]):
                    return False
                begin = walker.ends[i]
            return True
        pos = start
        while walker.find_value(buf, pos, end):
            hash = key_hash(buf, walker.key, walker.key_end)  # noqa: A001 - its name
            if not self.place(number, hash, pos - start, walker.behind - start):
                return False
            pos = walker.behind
        return buf[pos] == 69  # 'E'

    def width(self, number: int) -> int:
        """Return how many keys a fragment has."""
        return self.bounds[number + 1] - self.bounds[number]

    def is_new(self, number: int, line: Line) -> bool:
        """Tell whether a line has none of a fragment's keys."""
        for at in range(self.bounds[number], self.bounds[number + 1]):
            if line.has(self.hashes[self.order[at]]):
                return False
        return True

    def mark(self, number: int, line: Line) -> None:
        """Take down that a line has a fragment's keys."""
        for at in range(self.bounds[number], self.bounds[number + 1]):
            line.mark(self.hashes[self.order[at]])

    def take_shared(self, number: int, walker: ValueWalker, first: int) -> int:
        """Find a fragment's values in a response to several; return how many there are.

        They are looked for from value `first` on, and lie between `low` and `high` of
        the response.
        """
        found = 0
        self.low = self.high = 0
        for at in range(self.bounds[number], self.bounds[number + 1]):
            key = self.order[at]
            value = place_of(walker, self.hashes[key], first)
            if value < walker.values:
                first = value + 1
                start = start_of(walker, value)
                end = walker.ends[value]
                self.starts[key] = start
                self.ends[key] = end
                self.low = min(self.low, start) if found else start
                self.high = max(self.high, end)
                found += 1
        for at in range(self.bounds[number], self.bounds[number + 1]):
            key = self.order[at]
            if self.ends[key]:
                self.starts[key] -= self.low
                self.ends[key] -= self.low
        return found

    def place(self, number: int, hash: int, start: int, end: int) -> bool:  # noqa: A002
        """Take down where the value of a key lies; false if nobody asked for it."""
        at = self.at
        stop = self.bounds[number + 1]
        while at < stop and self.hashes[self.order[at]] != hash:
            at += 1
        self.at = at + 1
        if at < stop:
            key = self.order[at]
        else:
            key = self.find_late(number, hash)
            if key < 0:
                return False
        self.starts[key] = start
        self.ends[key] = end
        return True

    def find_late(self, number: int, hash: int) -> int:  # noqa: A002 - its name
        """Return a key whose value comes out of order, -1 if nobody asked for it.

        memcached answers in the order of the keys, another proxy may not.
        """
        if self.late is None:
            self.late = {}
        late = self.late.get(number)
        if late is None:
            late = {}
            for at in range(self.bounds[number + 1] - 1, self.bounds[number] - 1, -1):
                key = self.order[at]
                if not self.ends[key]:
                    late.setdefault(self.hashes[key], []).append(key)
            self.late[number] = late
        keys = late.get(hash)
        return keys.pop() if keys else -1

    def merge(self, client: Asker) -> None:
        """Put the values in the order of the keys."""
        self.interleave(client.outbox)
        if len(self.places) == ROOM and len(_spare) < MAX_SPARE:
            self.fragments = []
            _spare.append(self)

    def interleave(self, outbox: Outbox) -> None:
        """Walk over the keys; values that lie side by side travel together."""
        count = self.keys
        key = 0
        while key < count:
            place = self.places[key]
            start = self.starts[key]
            end = self.ends[key]
            key += 1
            if not end:
                continue
            while key < count and self.places[key] == place and self.starts[key] == end:
                end = self.ends[key]
                key += 1
            fragment = self.fragments[place]
            reply = fragment.reply
            if reply is not None:
                outbox.add(reply, fragment.start + start, fragment.start + end)
        outbox.copy_in(END, 0, len(END))


def place_of(walker: ValueWalker, wanted: int, first: int) -> int:
    """Return the number of the value of a key, looked for from `first` on.

    If there is none it is how many values there are.
    """
    count = walker.values
    for number in range(first, count):
        if walker.hashes[number] == wanted:
            return number
    for number in range(first):
        if walker.hashes[number] == wanted:
            return number
    return count


def start_of(walker: ValueWalker, number: int) -> int:
    """Return where a value begins: behind the one before."""
    return walker.ends[number - 1] if number > 0 else 0


def values_for(keys: int) -> Values:
    """Return an object for as many keys, a used one if there is."""
    values = _spare.pop() if keys <= ROOM and _spare else Values(max(keys, ROOM))
    values.begin(keys)
    return values
