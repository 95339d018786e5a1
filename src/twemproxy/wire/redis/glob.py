"""Patterns as Redis reads them: ``*``, ``?``, ``[a-z]``, ``[^a]`` and backslashes."""


def matches(pattern: bytes, text: bytes) -> bool:
    """Tell whether a pattern matches all of a text.

    Goes back to the last star alone, so the work is at most the product of the
    two lengths.
    """
    p = t = 0
    star, resume = -1, 0
    while t < len(text):
        if p < len(pattern) and pattern[p] == ord("*"):
            star, resume = p, t
            p += 1
            continue
        width = _fits(pattern, p, text[t]) if p < len(pattern) else 0
        if width:
            p += width
            t += 1
        elif star >= 0:
            p = star + 1
            resume += 1
            t = resume
        else:
            return False
    return not pattern[p:].strip(b"*")


def _fits(pattern: bytes, at: int, byte: int) -> int:
    """Return the length of the item at pattern[at:] if it matches, else 0."""
    item = pattern[at : at + 1]
    if item == b"?":
        return 1
    if item == b"\\" and at + 1 < len(pattern):
        return 2 if pattern[at + 1] == byte else 0
    if item == b"[":
        return _fits_set(pattern, at, byte)
    return 1 if pattern[at] == byte else 0


def _fits_set(pattern: bytes, at: int, byte: int) -> int:
    """Do so for a set in brackets; one that is not closed ends with the pattern."""
    i = at + 1
    negated = pattern[i : i + 1] == b"^"
    if negated:
        i += 1
    found = False
    while i < len(pattern) and pattern[i] != ord("]"):
        if pattern[i] == ord("\\") and i + 1 < len(pattern):
            i += 1
            found |= pattern[i] == byte
        elif pattern[i + 1 : i + 2] == b"-" and i + 2 < len(pattern):
            low, high = sorted((pattern[i], pattern[i + 2]))
            found |= low <= byte <= high
            i += 2
        else:
            found |= pattern[i] == byte
        i += 1
    return i + 1 - at if found != negated else 0
