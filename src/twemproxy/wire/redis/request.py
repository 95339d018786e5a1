"""Where a Redis request ends and where its arguments lie.

A request is an array of bulk strings, ``*2 CRLF $3 CRLF GET CRLF $1 CRLF k CRLF``,
or a line typed by hand. The scanner walks the bytes once, keeps its place when
they run out, and resumes when more have arrived. It follows RESP as the Redis
documentation describes it ("Sending commands to a Redis server"), but is strict
where a lenient reader could be made to see another request than the server: line
ends are CR LF, counts are digits, a payload ends where it says.
"""

from typing import Final

from twemproxy import limits
from twemproxy.errors import ProtocolError
from twemproxy.wire import progress
from twemproxy.wire.redis.bulk import PlainWalker

MAX_ARGUMENTS: Final = limits.MAX_ARGUMENTS
MAX_ARGUMENT_BYTES: Final = limits.MAX_ARGUMENT_BYTES
MAX_UNAUTHENTICATED_ARGUMENTS: Final = limits.MAX_UNAUTHENTICATED_ARGUMENTS
MAX_UNAUTHENTICATED_BYTES: Final = limits.MAX_UNAUTHENTICATED_BYTES
MAX_REQUEST_BYTES: Final = limits.MAX_REQUEST_BYTES
MAX_INLINE_BYTES: Final = limits.MAX_INLINE_BYTES
LEAST_ARGUMENT: Final = 6  # $0 CR LF CR LF
LARGEST_NUMBER: Final = 9999999999  # typed, for so large a literal is an object


class RequestScanner(PlainWalker):
    """Walks one request at a time; `reset` before the next.

    All offsets are relative to the request's first byte, so the bytes may move
    between two calls. `spans` holds the start and the end of each argument.
    `trusting` is false for a client that has yet to say who it is.
    `canonical` is false when a number was written with leading zeros, which
    Redis would refuse: such a request is written anew before it is passed on.
    """

    __slots__ = ("bulk", "canonical", "max_bytes", "pos", "trusting")

    def __init__(self) -> None:
        self.make_spans()
        self.trusting = True
        self.max_bytes = MAX_REQUEST_BYTES
        self.reset()

    def reset(self) -> None:
        """Forget the last request."""
        self.at = 0  # where the next token begins
        self.declared = -1  # arguments the request has, once known
        self.count = 0  # arguments seen whole
        self.bulk = -1  # length of the argument being received
        self.length = 0
        self.need = self.at_least = 0
        self.pos = 0
        self.canonical = True
        if self.grown:
            self.make_spans()

    def skip(self, count: int) -> None:
        """Take the argument that is being received for `count` bytes shorter."""
        self.bulk -= count
        self.need -= count
        self.at_least -= count

    def advance(self, buf: bytearray, start: int, filled: int) -> int:
        """Go on with the request that starts at buf[start]; bytes end at `filled`.

        Return MORE, WHOLE, LINE or NOTHING. Raise ProtocolError, worded as Redis
        words it, when these bytes cannot become a request.
        """
        if self.bulk < 0:
            self.take_usual(buf, start, filled)
        if self.declared < 0:
            if start + self.at >= filled:
                return progress.MORE
            if buf[start] != 42:  # '*'
                return self.advance_line(buf, start, filled)
            if not self.read_count(buf, start, filled):
                return progress.MORE
            if self.declared == 0:
                self.length = self.at
                return progress.NOTHING
        while self.count < self.declared:
            if self.bulk < 0 and not self.read_length(buf, start, filled):
                return progress.MORE
            end = start + self.at + self.bulk
            if end < filled and (
                buf[end] != 13 or (end + 1 < filled and buf[end + 1] != 10)
            ):
                raise ProtocolError("expected CRLF after bulk")
            if end + 2 > filled:
                self.need = end + 2 - start
                others = self.declared - self.count - 1
                self.at_least = self.need + LEAST_ARGUMENT * others
                return progress.MORE
            if self.count == self.room:
                self.double_spans()
            self.spans[2 * self.count] = self.at
            self.spans[2 * self.count + 1] = self.at + self.bulk
            self.count += 1
            self.at += self.bulk + 2
            self.bulk = -1
        self.length = self.at
        return progress.WHOLE

    def take_usual(self, buf: bytearray, start: int, filled: int) -> None:
        """Walk over the count and the arguments if they are as they mostly are."""
        stop = min(filled, start + self.max_bytes)
        most, longest = MAX_ARGUMENTS, MAX_ARGUMENT_BYTES
        if not self.trusting:
            most, longest = MAX_UNAUTHENTICATED_ARGUMENTS, MAX_UNAUTHENTICATED_BYTES
        self.take_plain(buf, start, stop, most, longest)

    def read_count(self, buf: bytearray, start: int, filled: int) -> bool:
        """Read ``*<count> CRLF``; a negative count asks for nothing, like 0."""
        if start + 1 < filled and buf[start + 1] == 45:  # '-'
            value = self.number(buf, start + 2, filled)
            if value == 0 or not self.canonical:
                value = -2
            elif value > 0:
                value = 0
        else:
            value = self.number(buf, start + 1, filled)
        if value == -1:
            return False
        if value < 0 or value > MAX_ARGUMENTS:
            raise ProtocolError("invalid multibulk length")
        if value > MAX_UNAUTHENTICATED_ARGUMENTS and not self.trusting:
            raise ProtocolError("unauthenticated multibulk length")
        self.declared = value
        self.at = self.pos - start
        return True

    def read_length(self, buf: bytearray, start: int, filled: int) -> bool:
        """Read ``$<length> CRLF``."""
        pos = start + self.at
        if pos >= filled:
            return False
        if buf[pos] != 36:  # '$'
            raise ProtocolError(f"expected '$', got '{printable(buf[pos])}'")
        value = self.number(buf, pos + 1, filled)
        if value == -1:
            return False
        if value < 0 or value > MAX_ARGUMENT_BYTES:
            raise ProtocolError("invalid bulk length")
        if value > MAX_UNAUTHENTICATED_BYTES and not self.trusting:
            raise ProtocolError("unauthenticated bulk length")
        self.bulk = value
        self.at = self.pos - start
        if self.at + value + 2 > self.max_bytes:
            raise ProtocolError(f"request of more than {self.max_bytes} bytes")
        return True

    def number(self, buf: bytearray, pos: int, filled: int) -> int:
        """Read ``<digits> CRLF`` and leave `pos` behind it.

        Return the number, -1 when the line is not complete, -2 when it is not a
        number of at most 10 significant digits.
        """
        first = pos
        value = 0
        while pos < filled:
            digit = buf[pos] - 48
            if digit < 0 or digit > 9:
                break
            value = value * 10 + digit
            if value > LARGEST_NUMBER or pos - first > 20:
                return -2
            pos += 1
        if pos == filled:
            return -1
        if pos == first or buf[pos] != 13:
            return -2
        if pos + 1 == filled:
            return -1
        if buf[pos + 1] != 10:
            return -2
        if buf[first] == 48 and pos - first > 1:
            self.canonical = False
        self.pos = pos + 2
        return value

    def advance_line(self, buf: bytearray, start: int, filled: int) -> int:
        """Look for the end of a line typed by hand; a lone LF ends it too.

        Nobody's line begins with a control byte, but other protocols do: TLS with
        22, memcached's binary one with 128. They would wait for us for ever.
        """
        if not 32 <= buf[start] < 127 and buf[start] not in (9, 10, 13):
            raise ProtocolError(f"byte {buf[start]} begins no request")
        pos = start + self.at
        while pos < filled and buf[pos] != 10:
            pos += 1
        if pos + 1 - start > min(MAX_INLINE_BYTES, self.max_bytes):
            raise ProtocolError("too big inline request")
        if pos < filled:
            self.length = pos + 1 - start
            return progress.LINE
        self.at = pos - start
        return progress.MORE


def printable(byte: int) -> str:
    """Show one byte in an error text without breaking the line."""
    return chr(byte) if 32 <= byte < 127 else "?"
