"""Values as replies of either protocol version.

RESP3 has types for what RESP2 flattens: a map becomes an array of its keys and
values, a set an array, null a null string, true the number 1.
"""

from collections.abc import Mapping, Sequence

from twemproxy.wire.redis import answers


class Status(bytes):
    """A short text that goes out as a status line, not as a string."""

    __slots__ = ()


class Verbatim(bytes):
    """A text for people, which RESP3 marks as such."""

    __slots__ = ()


Value = (
    bytes | int | None | Sequence["Value"] | Mapping[bytes, "Value"] | frozenset[bytes]
)


def encode(value: Value, resp3: bool) -> bytes:
    """Return a value as a reply."""
    if value is None:
        return b"_\r\n" if resp3 else answers.NULL
    if isinstance(value, Status):
        return answers.status(value)
    if isinstance(value, Verbatim) and resp3:
        return b"=%d\r\ntxt:%b\r\n" % (len(value) + 4, value)
    if isinstance(value, bytes):
        return answers.bulk(value)
    if isinstance(value, int):
        return answers.integer(value)
    return _collection(value, resp3)


def _collection(
    value: Sequence[Value] | Mapping[bytes, Value] | frozenset[bytes], resp3: bool
) -> bytes:
    """Return what holds other values."""
    if isinstance(value, Mapping):
        pairs = [
            encode(key, resp3) + encode(item, resp3) for key, item in value.items()
        ]
        if resp3:
            return b"%%%d\r\n%b" % (len(pairs), b"".join(pairs))
        return b"*%d\r\n%b" % (2 * len(pairs), b"".join(pairs))
    kind = b"~" if resp3 and isinstance(value, frozenset) else b"*"
    items = sorted(value) if isinstance(value, frozenset) else value
    encoded = b"".join([encode(item, resp3) for item in items])
    return b"%b%d\r\n%b" % (kind, len(value), encoded)
