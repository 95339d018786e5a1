"""Reading the responses of fragments, to make one response of them.

Spans of bytes in, numbers and offsets out. The responses have been scanned: they
are whole and well formed.
"""

from typing import Final

from twemproxy.wire import expect
from twemproxy.wire.redis.response import ResponseScanner

ENOUGH: Final = 10**17  # larger numbers are not worth reading to their end
TROUBLES: Final = {b"-OOM", b"-BUSY", b"-LOADING"}  # a server that cannot work now


def is_trouble(buf: bytearray, start: int, end: int) -> bool:
    """Tell whether an error line's first word is one of the passing failures."""
    if end - start < 6 or buf[start + 1] not in (79, 66, 76):  # 'O' 'B' 'L'
        return False
    line = bytes(buf[start : min(end, start + 9)]).replace(b"\r", b" ")
    return line.partition(b" ")[0] in TROUBLES


def fits(
    expects: int, wanted: int, walker: ResponseScanner, buf: bytearray, start: int
) -> bool:
    """Tell whether the response just walked over is what its fragment asked for."""
    kind = walker.kind
    if expects == expect.VALUES:
        return kind == 42 and walker.count == wanted and walker.flat  # '*'
    if expects == expect.COUNT:
        return kind == 58 and 0 <= integer(buf, start) <= wanted  # ':'
    if expects == expect.STATUS:
        return kind == 43  # '+'
    return True


def integer(buf: bytearray, start: int) -> int:
    """Return the number in the line that starts at buf[start] with a type byte.

    A number of more than 18 digits comes out as some other number of 18 or more:
    none that a length or a count can be.
    """
    value = 0
    pos = start + 1
    negative = buf[pos] == 45
    if negative:
        pos += 1
    while buf[pos] != 13:
        if value < ENOUGH:
            value = value * 10 + buf[pos] - 48
        pos += 1
    return -value if negative else value


def after_line(buf: bytearray, start: int) -> int:
    """Return the offset behind the line that starts at buf[start]."""
    while buf[start] != 10:
        start += 1
    return start + 1
