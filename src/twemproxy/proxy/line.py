"""The line an outbox ends with, while it may ask for more keys: none of it is sent."""

from array import array
from typing import Final

MAX_LINE_BYTES: Final = 1024  # every server takes a line as long as this
MAX_LINE_KEYS: Final = 100  # whoever reads the response has room for their values
MARKS: Final = 1024


class Line:
    """Knows how far the line has got and which keys it has.

    `end` counts all bytes the connection has ever had to send, the line included. Each
    key leaves the number of its line at a place that its hash tells; so a place that
    has this line's number stands for a key of it, or for one that is taken for it.
    """

    __slots__ = ("count", "end", "length", "marks", "number")

    def __init__(self) -> None:
        self.number = 0
        self.end = -1
        self.length = 0
        self.count = 0
        self.marks = array("q", bytes(8 * MARKS))

    def begin(self, end: int, length: int, hash: int) -> None:  # noqa: A002
        """Begin anew with a line of so many bytes, which asks for one key."""
        self.number += 1
        self.end = end
        self.length = length
        self.count = 1
        self.marks[hash % MARKS] = self.number

    def may_grow(self, end: int, unsent: int, more: int, hash: int) -> bool:  # noqa: A002
        """Tell whether a key that takes so many bytes `more` may be added.

        The connection's bytes end at `end`; so many of them are `unsent`. No key may be
        there twice: who asks for it again wants to know how things are by then.
        """
        return (
            self.end == end
            and self.length <= unsent
            and self.length + more <= MAX_LINE_BYTES
            and self.count < MAX_LINE_KEYS
            and self.marks[hash % MARKS] != self.number
        )

    def grow(self, more: int, hash: int) -> None:  # noqa: A002 - its name
        """Take down that a key was added, and so many bytes with it."""
        self.end += more
        self.length += more
        self.count += 1
        self.marks[hash % MARKS] = self.number
