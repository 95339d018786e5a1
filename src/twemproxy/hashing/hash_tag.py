"""Which part of a key is hashed.

A pool's hash tag is a pair of bytes, say ``{}``. Of the key ``user:{7}:name`` only
the ``7`` between the first opener and the first closer after it is hashed, so all
keys of user 7 share a server. Only that first pair counts: when it is missing or
empty the whole key is hashed.
"""


def tagged_span(
    buf: bytearray, start: int, end: int, opener: int, closer: int
) -> tuple[int, int]:
    """Return the bounds of the part of the key ``buf[start:end]`` to hash."""
    first = _find(buf, start, end, opener) + 1
    last = _find(buf, first, end, closer)
    if first < last < end:
        return first, last
    return start, end


def _find(buf: bytearray, start: int, end: int, byte: int) -> int:
    """Offset of the first such byte, or `end`."""
    for i in range(start, end):
        if buf[i] == byte:
            return i
    return end
