"""What is plain on a memcached wire, in one walk; interpreted: twin of ``plain.pyx``.

A plain line is all there and has no control characters, a plain VALUE line has the
numbers it should have. Whatever else there is, a scanner has to look at more closely.
Each function is told where the bytes that have arrived end, and raises IndexError if
the buffer ends before.
"""

import re
from array import array
from typing import Final

from twemproxy.span import check
from twemproxy.wire.scanner import Scanner, WordScanner

BASIS: Final = 0xCBF29CE484222325
PRIME: Final = 0x100000001B3
MASK: Final = 0xFFFFFFFFFFFFFFFF
LOW_62: Final = 0x3FFFFFFFFFFFFFFF
END: Final = b"END\r\n"
ROOM: Final = 128  # values of a response that are told of
WORD: Final = re.compile(rb"[^ ]+")
CONTROL: Final = re.compile(rb"[\x00-\x1f]")
NUMBER: Final = re.compile(rb"0|[1-9][0-9]{0,8}")
VALUE_LINE: Final = re.compile(  # nobody can have asked for a longer key
    rb"VALUE ([^ \r\n]{1,250}) [0-9]{1,20} ([0-9]{1,10})(?: [0-9]{1,20})?\r\n"
)


class LineWalker(WordScanner):
    """Finds the words of a request's line."""

    __slots__ = ("letters", "line")

    letters: int  # length of all words together
    line: int  # length of the line, its end included

    def take_line(self, buf: bytearray, start: int, filled: int, limit: int) -> bool:
        """Find the words of the line at buf[start:filled], shorter than `limit`.

        False, with nothing told, when the line is not plain, or longer, or has more
        words than there is room for.
        """
        check(buf, start, filled)
        end = buf.find(b"\r\n", start, min(filled, start + limit + 1))
        if end < 0:
            return False
        line = bytes(buf[start:end])
        words = [word.span() for word in WORD.finditer(line)]
        if CONTROL.search(line) or len(words) > self.room:
            return False
        for i, (first, behind) in enumerate(words):
            self.spans[2 * i] = first
            self.spans[2 * i + 1] = behind
        self.count = len(words)
        self.letters = sum(behind - first for first, behind in words)
        self.line = len(line) + 2
        return True

    def last_number(self, buf: bytearray, start: int, word: int) -> int:
        """Return the last word if it and all from `word` on are plain numbers, else -1.

        Such a number has up to nine digits and no leading zero.
        """
        check(buf, start, start + self.line)
        value = -1
        while word < self.count:
            first, end = self.spans[2 * word], self.spans[2 * word + 1]
            text = bytes(buf[start + first : start + end])
            if not NUMBER.fullmatch(text):
                return -1
            value = int(text)
            word += 1
        return value


class ValueWalker(Scanner):
    """Where the value that was found last has its key, and where it ends.

    `behind` its data is an offset that need not be there yet. Of `values` that were
    walked over in one go, `hashes` has their keys' and `ends` how far behind the
    first one's beginning each ends.
    """

    __slots__ = ("behind", "ends", "hashes", "key", "key_end", "values")

    def __init__(self) -> None:
        self.key = 0
        self.key_end = 0
        self.behind = 0
        self.values = 0
        self.hashes = array("q", bytes(8 * ROOM))
        self.ends = array("q", bytes(8 * ROOM))

    def find_value(self, buf: bytearray, pos: int, filled: int) -> bool:
        """Understand the VALUE line at buf[pos:filled]; false if there is none."""
        check(buf, pos, filled)
        found = VALUE_LINE.match(buf, pos, filled)
        if found is None:
            return False
        self.key, self.key_end = found.span(1)
        self.behind = found.end() + int(found.group(2)) + 2
        return True

    def after_values(self, buf: bytearray, start: int, filled: int) -> int:
        """Return the offset behind the values and the END at buf[start:filled].

        -1, with no values told, if something is not there, not plain or one too many.
        """
        check(buf, start, filled)
        values = 0
        pos = start
        while buf[pos : min(pos + len(END), filled)] != END:
            if not self.find_value(buf, pos, filled) or self.behind > filled:
                return -1
            if buf[self.behind - 2 : self.behind] != b"\r\n" or values == ROOM:
                return -1
            self.hashes[values] = key_hash(buf, self.key, self.key_end)
            self.ends[values] = self.behind - start
            values += 1
            pos = self.behind
        self.values = values
        return pos + len(END)


def begins(buf: bytearray, start: int, filled: int, text: bytearray) -> bool:
    """Tell whether buf[start:filled] begins with `text`."""
    check(buf, start, filled)
    return buf.startswith(text, start, filled)


def key_hash(buf: bytearray, start: int, end: int) -> int:
    """Return 62 bits that tell one key from another: FNV-1a of eight bytes a step.

    Who asked for a key keeps this number instead of the key, to recognise the key
    in the response.
    """
    check(buf, start, end)
    value = ((BASIS ^ (end - start)) * PRIME) & MASK
    for at in range(start, end, 8):
        word = int.from_bytes(buf[at : min(at + 8, end)], "little")
        value = ((value ^ word) * PRIME) & MASK
        value ^= value >> 32
    value = (value * PRIME) & MASK
    return (value ^ (value >> 29)) & LOW_62
