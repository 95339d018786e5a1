"""What the scanners of both protocols have in common.

A scanner is fed the same message again and again as more of it arrives; it
resumes, it does not restart. Offsets are relative to the message's first byte.
"""

from array import array
from typing import Final

from twemproxy.errors import ProtocolError

USUAL_WORDS: Final = 64
KEPT_WORDS: Final = 4096  # room for more is not kept for the next request


class Scanner:
    """Walks one message at a time; `reset` before the next.

    `need` is where the payload that is being received ends, once it is known, so that
    the receiver can make room for it, and `at_least` how long the message is at least
    where more must follow. `length` is its length once it is whole.
    """

    __slots__ = ("at_least", "length", "need")

    at_least: int
    length: int
    need: int

    def reset(self) -> None:
        """Forget the last message."""
        raise NotImplementedError

    def skip(self, count: int) -> None:
        """Take the message for `count` bytes shorter, all of a payload yet to come.

        They are received elsewhere; its `length` will be that of the rest. A
        negative number takes some of that back.
        """
        self.need -= count
        self.at_least -= count


class WordScanner(Scanner):
    """Knows the words of a request: `spans` has the start and the end of each.

    There are `count` so far, and there is room for `room`. Who adds one more calls
    `double_spans` first; `grown` tells that there is more room than is kept.
    """

    __slots__ = ("count", "grown", "room", "spans")

    count: int
    grown: bool
    room: int
    spans: "array[int]"

    def make_spans(self) -> None:
        """Have room for as many words as requests usually have."""
        self.room = USUAL_WORDS
        self.spans = array("q", bytes(16 * self.room))
        self.grown = False

    def double_spans(self) -> None:
        """Make room for as many words again; ProtocolError if there is no memory."""
        former = self.spans
        try:
            self.spans = array("q", bytes(32 * self.room))
        except MemoryError as failure:
            raise ProtocolError("no memory for so many words") from failure
        for i in range(2 * self.room):
            self.spans[i] = former[i]
        self.room *= 2
        self.grown = self.room > KEPT_WORDS

    def words(self, buf: bytearray, at: int, count: int) -> list[bytes]:
        """Return the first `count` words of the request at buf[at]."""
        spans = self.spans
        view = memoryview(buf)  # a slice of `buf` would be a copy more
        return [
            bytes(view[at + spans[2 * i] : at + spans[2 * i + 1]]) for i in range(count)
        ]
