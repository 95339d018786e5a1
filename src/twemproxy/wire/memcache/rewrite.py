"""Command lines written anew, so that every memcached reads them alike.

One blank between words, numbers without leading zeros and in the range that
memcached keeps, nothing behind the last word with a meaning.
"""

from binascii import a2b_base64
from collections.abc import Callable
from typing import Final

from twemproxy.wire import rule
from twemproxy.wire.memcache import due
from twemproxy.wire.memcache.commands import Command

INT32: Final = 2**31


def value(word: bytes) -> int:
    """Read a number; Python alone refuses one with thousands of zeros in front."""
    digits = word.removeprefix(b"-").lstrip(b"0") or b"0"
    return -int(digits) if word[:1] == b"-" else int(digits)


def plain(word: bytes) -> bytes:
    """Write a number without leading zeros."""
    return b"%d" % value(word)


def flags(word: bytes) -> bytes:
    """Write the 32 bits of the flags that memcached keeps."""
    return b"%d" % (value(word) & 0xFFFFFFFF)


def exptime(word: bytes) -> bytes:
    """Write the 32 bits of a time that memcached keeps."""
    return b"%d" % ((value(word) + INT32) % (2 * INT32) - INT32)


# Which words are numbers, by what the command is answered with.
NUMBERS: Final[dict[int, dict[int, Callable[[bytes], bytes]]]] = {
    due.STORED: {2: flags, 3: exptime, 4: plain, 5: plain},
    due.NUMBER: {2: plain},
    due.TOUCHED: {2: exptime},
    due.OKAY: {1: exptime},
}


def rewritten(row: Command, words: list[bytes]) -> bytes:
    """Return a line without its CR LF; `words` have been found to be right."""
    if row.how == rule.ANY:
        return row.name
    for i, write in numbers_of(row).items():
        if i < len(words) and words[i] != b"noreply":
            words[i] = write(words[i])
    return b" ".join(words)


def numbers_of(row: Command) -> dict[int, Callable[[bytes], bytes]]:
    """Return how to write the numbers of a command, by the place of the word."""
    if row.reply == due.VALUES and row.first > 1:
        return {1: exptime}
    if row.reply == due.META and row.block:
        return {row.block: plain}
    return NUMBERS.get(row.reply, {})


def prefix(row: Command, words: list[bytes]) -> bytes:
    """Return what comes before the keys: ``get `` or ``gat 10 ``."""
    return rewritten(row, words[: row.first]) + b" "


def decoded(word: bytes) -> bytearray:
    """Return a key that came in base64, empty if that is not what it is."""
    try:
        return bytearray(a2b_base64(word, strict_mode=True))
    except ValueError:
        return bytearray()
