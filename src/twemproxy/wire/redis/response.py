"""Where a Redis response ends.

RESP2 types, and RESP3 types on connections that asked for them (HELLO 3). Nesting
is walked with a small stack of what is still owed, never by recursion. Nothing is
decoded: a response is passed on as it came.
"""

from array import array
from typing import Final

from twemproxy import limits
from twemproxy.errors import ProtocolError
from twemproxy.wire import progress
from twemproxy.wire.redis.bulk import (
    after_bulk,
    after_bulks,
    after_line,
    head_size,
    plain_count,
)
from twemproxy.wire.scanner import Scanner

MAX_NESTING: Final = limits.MAX_NESTING
LONGEST_PLAIN: Final = 999999999  # bytes of a string that `bulk` calls plain
NULL_BYTES: Final = 3  # _ CR LF
KEPT_NESTING: Final = 64  # room for more is not kept for the next response
MAX_REPLY_BYTES: Final = limits.MAX_REPLY_BYTES
MAX_TENTH: Final = 922337203685477580  # the largest 64-bit number but its last digit


class ResponseScanner(Scanner):
    """Walks one response at a time; `reset` before the next.

    Offsets are relative to the response's first byte. `kind` is that byte, of the
    value itself when attributes precede it, and `body` is where that value begins.
    `resp3` allows the newer types.
    """

    __slots__ = (
        "at",
        "body",
        "count",
        "depth",
        "flat",
        "kind",
        "looked",
        "owed",
        "resp3",
        "room",
        "value",
    )

    def __init__(self) -> None:
        self.room = KEPT_NESTING
        self.owed = array("q", bytes(8 * self.room))
        self.resp3 = False
        self.reset()

    def reset(self) -> None:
        """Forget the last response."""
        self.at = 0  # everything before has been walked over
        self.looked = 0  # how far the line at `at` has been looked through
        self.body = 0
        self.depth = 0
        if self.room > KEPT_NESTING:
            self.room = KEPT_NESTING
            self.owed = array("q", bytes(8 * self.room))
        self.owed[0] = 1  # values still to come at each depth
        self.kind = 0
        self.count = -1  # elements of the array that the response is
        self.flat = True  # all of them are plain strings or nulls
        self.length = 0
        self.need = self.at_least = 0
        self.value = 0  # the number of the last line that had one

    def advance(self, buf: bytearray, start: int, filled: int) -> int:
        """Go on with the response that starts at buf[start]; bytes end at `filled`.

        Return MORE or WHOLE. Raise ProtocolError when this is no response.
        """
        if self.at == 0 and self.need == 0 and self.take_plain(buf, start, filled):
            return progress.WHOLE
        while True:
            if self.need:
                end = start + self.need - 2
                if end < filled and (
                    buf[end] != 13 or (end + 1 < filled and buf[end + 1] != 10)
                ):
                    raise ProtocolError("bulk does not end with CRLF")
                if end + 2 > filled:
                    return progress.MORE
                self.at = self.need
                self.need = 0
            else:
                if start + self.at >= filled:
                    return progress.MORE
                if not self.read_line(buf, start, filled):
                    return progress.MORE
                if self.need:
                    continue
                if self.depth:
                    self.skip_strings(buf, start, filled)
            while self.owed[self.depth] == 0:
                if self.depth == 0:
                    self.length = self.at
                    return progress.WHOLE
                self.depth -= 1

    def take_plain(self, buf: bytearray, start: int, filled: int) -> bool:
        """Walk over a string, a short line or an array of strings that is all there.

        False, with nothing done, for everything else.
        """
        if start >= filled:
            return False
        kind = buf[start]
        count = -1
        if kind == 36:  # '$'
            end = after_bulk(buf, start, filled)
        elif kind == 43:  # '+'
            end = after_line(buf, start, filled)
        elif kind == 42:  # '*'
            count = plain_count(buf, start, filled)
            if count < 0:
                return False
            end = after_bulks(buf, start + head_size(count), filled, count)
        else:
            return False
        if end < 0 or end - start > MAX_REPLY_BYTES:
            return False
        self.kind = kind
        self.count = count
        self.at = end - start
        self.length = self.at
        self.owed[0] = 0
        return True

    def skip_strings(self, buf: bytearray, start: int, filled: int) -> None:
        """Walk over the strings of an array that are all there: most of any MGET."""
        pos = start + self.at
        owed = self.owed[self.depth]
        while owed > 0:
            stop = after_bulk(buf, pos, filled)
            if stop < 0:
                break
            pos = stop
            owed -= 1
        self.owed[self.depth] = owed
        self.at = pos - start

    def read_line(self, buf: bytearray, start: int, filled: int) -> bool:
        """Walk over one type byte and its line; false when it is not complete."""
        kind = buf[start + self.at]
        pos = start + self.at + 1
        if kind in (36, 42, 58):  # '$' '*' ':'
            pos = self.number(buf, pos, filled, kind)
        elif kind in (43, 45):  # '+' '-'
            pos = self.text(buf, start, filled)
        elif not self.resp3:
            raise ProtocolError(f"type byte {kind}")
        elif kind in (37, 126, 62, 124, 61, 33):  # '%' '~' '>' '|' '=' '!'
            pos = self.number(buf, pos, filled, kind)
        elif kind in (44, 40, 35, 95):  # ',' '(' '#' '_'
            pos = self.text(buf, start, filled)
        else:
            raise ProtocolError(f"type byte {kind}")
        if pos < 0:
            return False
        if kind == 95 and pos - start - self.at != NULL_BYTES:
            raise ProtocolError("a null with something in it")
        if self.kind == 0 and self.depth == 0 and kind != 124:
            self.kind = kind
            self.body = self.at
            self.flat = True
        self.at = pos - start
        if self.at > MAX_REPLY_BYTES:
            raise ProtocolError(f"response of more than {MAX_REPLY_BYTES} bytes")
        self.settle(kind)
        return True

    def settle(self, kind: int) -> None:
        """Account for the value whose line has just been read."""
        if self.depth and (kind not in (36, 95) or self.value > LONGEST_PLAIN):
            self.flat = False
        if kind in (36, 61, 33):  # a payload follows
            self.owed[self.depth] -= 1
            if self.value >= 0:
                self.need = self.at + self.value + 2
                if self.need > MAX_REPLY_BYTES:
                    raise ProtocolError(
                        f"response of more than {MAX_REPLY_BYTES} bytes"
                    )
        elif kind in (42, 126, 62):
            if not self.depth:
                self.count = self.value
            self.owed[self.depth] -= 1
            if self.value > 0:
                self.descend(self.value)
        elif kind == 37:
            self.owed[self.depth] -= 1
            if self.value > 0:
                self.descend(2 * self.value)
        elif kind == 124:  # attributes come before the value they belong to
            if self.value > 0:
                self.descend(2 * self.value)
        else:
            self.owed[self.depth] -= 1

    def descend(self, count: int) -> None:
        """Expect `count` values one level deeper."""
        if self.depth == MAX_NESTING:
            raise ProtocolError(f"response nested deeper than {MAX_NESTING}")
        self.depth += 1
        if self.depth == self.room:
            self.deepen()
        self.owed[self.depth] = count

    def deepen(self) -> None:
        """Make room for as many levels again."""
        deeper = array("q", bytes(16 * self.room))
        for i in range(self.room):
            deeper[i] = self.owed[i]
        self.owed = deeper
        self.room *= 2

    def number(self, buf: bytearray, pos: int, filled: int, kind: int) -> int:
        """Read ``[-]<digits> CRLF`` to `value`; return where the next line begins.

        -1 when the line is not complete. There is one way to write each number,
        so that nobody behind us can read another one: no plus, no leading zero,
        nothing beyond 64 bits. Of the negative lengths only null is one.
        """
        negative = pos < filled and buf[pos] == 45
        first = pos + negative
        pos = first
        value = 0
        while pos < filled:
            digit = buf[pos] - 48
            if digit < 0 or digit > 9:
                break
            if pos - first < 18:
                value = value * 10 + digit
            elif not self.fits_64_bits(pos - first, value, digit, negative):
                raise ProtocolError("number of more than 64 bits")
            pos += 1
        if pos == filled:
            return -1
        if pos == first or buf[pos] != 13:
            raise ProtocolError("bad number")
        if buf[first] == 48 and (negative or pos - first > 1):
            raise ProtocolError("zero in front of a number")
        if pos + 1 == filled:
            return -1
        if buf[pos + 1] != 10:
            raise ProtocolError("bad number")
        if negative:
            value = -value
        if kind != 58:  # ':'
            self.check_length(kind, pos - first, value)
        self.value = value
        return pos + 2

    def fits_64_bits(self, digits: int, value: int, digit: int, negative: bool) -> bool:
        """Tell whether one more digit after `digits` of them fits, worth `value`."""
        if digits > 18:
            return False
        return value < MAX_TENTH or (value == MAX_TENTH and digit <= 7 + negative)

    def check_length(self, kind: int, digits: int, value: int) -> None:
        """Refuse what cannot be the length of a value of this kind."""
        null = value == -1 and kind in (36, 42)  # '$' '*'
        if digits > 18 or (value < 0 and not null):
            raise ProtocolError("bad length")

    def text(self, buf: bytearray, start: int, filled: int) -> int:
        """Walk to the CR LF that ends the line at `at`; return what follows it.

        -1 when the line is not complete; the next call goes on where this one
        stopped.
        """
        pos = start + max(self.at, self.looked)
        while pos < filled:
            if buf[pos] == 13:
                if pos + 1 == filled:
                    break
                if buf[pos + 1] != 10:
                    raise ProtocolError("CR without LF")
                return pos + 2
            if buf[pos] == 10:
                raise ProtocolError("LF without CR")
            pos += 1
        self.looked = pos - start
        if self.looked > MAX_REPLY_BYTES:
            raise ProtocolError(f"response of more than {MAX_REPLY_BYTES} bytes")
        return -1
