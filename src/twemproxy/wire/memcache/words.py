"""What the words of a memcached request say: numbers, times, flags, certain texts."""

from typing import Final

from twemproxy.wire.memcache.plain import LineWalker, begins

INT32: Final = 2**31 - 1
UINT32: Final = 2**32 - 1
MAX_TIME: Final = 2**63 - 1
INT64: Final = 2**63 - 1
UINT64_TENTH: Final = 1844674407370955161  # of 2**64 - 1, but for its last digit


class WordReader(LineWalker):
    """Reads the words of one line, which `spans` tells where to find.

    `canonical` becomes false at a number that is written, or taken by memcached,
    in another way than it stands there.
    """

    __slots__ = ("canonical",)

    canonical: bool

    def is_flags(self, buf: bytearray, start: int, word: int) -> bool:
        """Tell whether a word is a 64-bit number; memcached keeps 32 bits of it."""
        value = self.number(buf, start, word)
        if value > UINT32:
            self.canonical = False
        return value >= 0

    def is_exptime(self, buf: bytearray, start: int, word: int) -> bool:
        """Tell whether a word is a time; memcached keeps 32 bits of it."""
        pos = start + self.spans[2 * word]
        if buf[pos] == 45:  # '-'
            pos += 1
        value = self.digits(buf, pos, start + self.spans[2 * word + 1])
        if value > INT32:
            self.canonical = False
        return 0 <= value < MAX_TIME

    def number(self, buf: bytearray, start: int, word: int) -> int:
        """Return the number that a word is, -1 if it is none; see `digits`."""
        return self.digits(
            buf, start + self.spans[2 * word], start + self.spans[2 * word + 1]
        )

    def digits(self, buf: bytearray, pos: int, end: int) -> int:
        """Return an unsigned 64-bit number, at most INT64; -1 if it is none."""
        first = pos
        value = 0
        while pos < end:
            digit = buf[pos] - 48
            if digit < 0 or digit > 9:
                return -1
            if value > UINT64_TENTH:
                return -1
            if value == UINT64_TENTH and digit > 5:
                return -1
            value = value * 10 + digit
            pos += 1
        if pos == first:
            return -1
        if buf[first] == 48 and end - first > 1:
            self.canonical = False
        if value > INT64:
            return INT64
        return value

    def begins(self, buf: bytearray, start: int, word: int, text: bytearray) -> bool:
        """Tell whether a word begins with `text`."""
        end = start + self.spans[2 * word + 1]
        return begins(buf, start + self.spans[2 * word], end, text)

    def equals(self, buf: bytearray, start: int, word: int, text: bytearray) -> bool:
        """Tell whether a word is `text`."""
        if self.spans[2 * word + 1] - self.spans[2 * word] != len(text):
            return False
        return self.begins(buf, start, word, text)
