"""What is plain on a Redis wire, in one walk; interpreted: twin of ``bulk.pyx``.

A number has up to nine digits and no leading zero, a string is all there. Whatever
else there is, a scanner has to look at more closely. Each function is told where the
bytes that have arrived end, and raises IndexError if the buffer ends before.
"""

from typing import Final

from twemproxy.span import check
from twemproxy.wire.scanner import WordScanner

DOLLAR: Final = 36
STAR: Final = 42
MAX_DIGITS: Final = 9
SHORT_LINE: Final = 64


class PlainWalker(WordScanner):
    """Finds the arguments of a request; the next token begins `at` some offset."""

    __slots__ = ("at", "declared")

    at: int
    declared: int  # arguments of the request, below zero if not known yet

    def take_plain(
        self, buf: bytearray, start: int, filled: int, most: int, longest: int
    ) -> None:
        """Walk over a plain count, if it is yet to come, and plain arguments.

        No more than `most` may be declared, none may be longer than `longest` bytes;
        we stop behind the last that there is room for.
        """
        if self.declared < 0:
            count = -1 if self.at else _number(buf, start, filled, STAR)
            if not 0 < count <= most:
                return
            self.declared = count
            self.at = head_size(count)
        last = min(self.declared, self.room)
        while self.count < last:
            length = _bulk_length(buf, start + self.at, filled)
            if length < 0 or length > longest:
                break
            begin = self.at + head_size(length)
            self.spans[2 * self.count] = begin
            self.spans[2 * self.count + 1] = begin + length
            self.count += 1
            self.at = begin + length + 2


def plain_count(buf: bytearray, pos: int, filled: int) -> int:
    """Return the number of elements in the line ``*<n> CR LF`` at buf[pos:filled].

    -1 when the line is not there, or not plain.
    """
    return _number(buf, pos, filled, STAR)


def after_bulk(buf: bytearray, pos: int, filled: int) -> int:
    """Return the offset behind the plain string or null at buf[pos:filled], else -1."""
    length = _bulk_length(buf, pos, filled)
    if length >= 0:
        return pos + head_size(length) + length + 2
    if buf[pos : min(pos + 5, filled)] == b"$-1\r\n":
        return pos + 5
    return -1


def after_bulks(buf: bytearray, pos: int, filled: int, count: int) -> int:
    """Return the offset behind so many plain strings or nulls, -1 without them."""
    check(buf, pos, filled)
    while count > 0 and pos >= 0:
        pos = after_bulk(buf, pos, filled)
        count -= 1
    return pos


def after_line(buf: bytearray, pos: int, filled: int) -> int:
    """Return the offset behind the line of at most 64 bytes at buf[pos:filled].

    -1 when CR LF is not there, or CR or LF is otherwise than in that order.
    """
    check(buf, pos, filled)
    last = min(filled, pos + SHORT_LINE) - 1
    while pos < last and buf[pos] not in (10, 13):
        pos += 1
    if pos < last and buf[pos] == 13 and buf[pos + 1] == 10:
        return pos + 2
    return -1


def head_size(number: int) -> int:
    """Return how long a line is that has a mark, this number and CR LF."""
    return 3 + len(str(number))


def _bulk_length(buf: bytearray, pos: int, filled: int) -> int:
    """Return the length of the plain string at buf[pos:filled], else -1."""
    length = _number(buf, pos, filled, DOLLAR)
    if length < 0:
        return -1
    end = pos + head_size(length) + length
    if end + 2 > filled or buf[end] != 13 or buf[end + 1] != 10:
        return -1
    return length


def _number(buf: bytearray, pos: int, filled: int, mark: int) -> int:
    check(buf, pos, filled)
    if pos >= filled or buf[pos] != mark:
        return -1
    pos += 1
    first = pos
    last = min(filled, pos + MAX_DIGITS)
    value = 0
    while pos < last and 48 <= buf[pos] <= 57:
        value = value * 10 + buf[pos] - 48
        pos += 1
    if pos == first or pos + 2 > filled or buf[pos] != 13 or buf[pos + 1] != 10:
        return -1
    return -1 if buf[first] == 48 and pos - first > 1 else value
