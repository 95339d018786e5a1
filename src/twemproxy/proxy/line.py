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

    __slots__ = ("blank", "count", "end", "length", "marks", "number")

    def __init__(self) -> None:
        self.number = 0
        self.end = -1
        self.length = 0
        self.count = 0  # keys
        self.blank = False  # there is one before the CR LF
        self.marks = array("q", bytes(8 * MARKS))

    def begin(self) -> None:
        """Begin anew with a line that has nothing yet."""
        self.number += 1
        self.length = 0
        self.count = 0

    def may_grow(self, end: int, unsent: int, keys: int) -> bool:
        """Tell whether so many `keys` may be added.

        The connection's bytes end at `end`; so many of them are `unsent`.
        """
        return (
            self.end == end
            and self.length <= unsent
            and self.length <= MAX_LINE_BYTES
            and self.count + keys <= MAX_LINE_KEYS
        )

    def grow(self, end: int, more: int, keys: int, blank: bool) -> None:
        """Take down that the line ends at `end` now, with so many keys and bytes more.

        Behind the last key there is a `blank`, or there is none.
        """
        self.end = end
        self.blank = blank
        self.length += more
        self.count += keys

    def has(self, hash: int) -> bool:  # noqa: A002 - its name
        """Tell whether a key is there, or one that is taken for it.

        None may be there twice: who asks for it again wants to know how things are by
        then.
        """
        return self.marks[hash % MARKS] == self.number

    def mark(self, hash: int) -> None:  # noqa: A002 - its name
        """Take down that a key is there."""
        self.marks[hash % MARKS] = self.number
