"""Bulk strings, the most frequent thing on a Redis wire, in one walk."""

from typing import Final

MAX_LENGTH: Final = 999999999


def after_bulk(buf: bytearray, pos: int, filled: int) -> int:
    """Return the offset behind the string or null that lies whole at buf[pos:filled].

    -1 when it is something else, not well formed or not all there: for a scanner
    to look at more closely.
    """
    if pos + 5 > filled or buf[pos] != 36:  # '$'
        return -1
    pos += 1
    if buf[pos] == 45:  # '-', of a null
        if buf[pos + 1] == 49 and buf[pos + 2] == 13 and buf[pos + 3] == 10:
            return pos + 4
        return -1
    if buf[pos] == 48 and buf[pos + 1] != 13:  # no leading zero
        return -1
    first = pos
    length = 0
    while pos < filled:
        digit = buf[pos] - 48
        if digit < 0 or digit > 9:
            break
        length = length * 10 + digit
        if length > MAX_LENGTH:
            return -1
        pos += 1
    if pos == first or pos + 2 > filled or buf[pos] != 13 or buf[pos + 1] != 10:
        return -1
    pos += length + 4
    if pos > filled or buf[pos - 2] != 13 or buf[pos - 1] != 10:
        return -1
    return pos
