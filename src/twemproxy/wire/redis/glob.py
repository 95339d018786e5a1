"""Patterns as Redis reads them: ``*``, ``?``, ``[a-z]``, ``[^a]`` and backslashes.

A pattern is read once, whatever the number of names that it is held against.
"""

from collections.abc import Sequence
from typing import Final

STAR: Final = -1  # any bytes, also none; every other place is a set, one bit a byte
ANY: Final = (1 << 256) - 1
NONE: Final = 0
LONGEST: Final = 4096  # bytes; a longer pattern is for no name there is


def compiled(pattern: bytes) -> list[int]:
    """Return what each place of a pattern stands for."""
    if len(pattern) > LONGEST:
        return [NONE]
    places: list[int] = []
    at = 0
    while at < len(pattern):
        place, at = _read(pattern, at)
        if place != STAR or places[-1:] != [STAR]:
            places.append(place)
    return places


def matches(places: Sequence[int], text: bytes) -> bool:
    """Tell whether a compiled pattern matches all of a text.

    Goes back to the last star alone, so the work is at most the square of the
    text's length.
    """
    p = t = 0
    star, resume = -1, 0
    while t < len(text):
        place = places[p] if p < len(places) else NONE
        if place == STAR:
            star, resume = p, t
            p += 1
        elif place >> text[t] & 1:
            p += 1
            t += 1
        elif star >= 0:
            p = star + 1
            resume += 1
            t = resume
        else:
            return False
    return all(place == STAR for place in places[p:])


def _read(pattern: bytes, at: int) -> tuple[int, int]:
    """Read one place; return it, and where the next begins."""
    char = pattern[at : at + 1]
    if char == b"*":
        return STAR, at + 1
    if char == b"?":
        return ANY, at + 1
    if char == b"\\" and at + 1 < len(pattern):
        return 1 << pattern[at + 1], at + 2
    if char == b"[":
        return _read_set(pattern, at + 1)
    return 1 << pattern[at], at + 1


def _read_set(pattern: bytes, at: int) -> tuple[int, int]:
    """Read a set behind its bracket; one that is not closed ends with the pattern."""
    negated = pattern[at : at + 1] == b"^"
    at += negated
    found = NONE
    while at < len(pattern) and pattern[at] != ord("]"):
        low = high = pattern[at]
        if low == ord("\\") and at + 1 < len(pattern):
            at += 1
            low = high = pattern[at]
        elif pattern[at + 1 : at + 2] == b"-" and at + 2 < len(pattern):
            low, high = sorted((low, pattern[at + 2]))
            at += 2
        found |= (2 << high) - (1 << low)
        at += 1
    return ANY ^ found if negated else found, at + 1
