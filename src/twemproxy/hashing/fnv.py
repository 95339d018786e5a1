"""The Fowler-Noll-Vo hashes, interpreted: the twin of ``fnv.pyx``.

The state has 32 bits, and a byte from 0x80 on counts as byte - 256.
"""

from array import array

from twemproxy.span import check_order

MASK = 0xFFFFFFFF


def fnv1a(buf: bytearray, start: int, end: int, state: int, prime: int) -> int:
    """Mix each byte of ``buf[start:end]`` in, then multiply.

    Raise IndexError if the buffer has no such span.
    """
    check_order(buf, start, end)
    for i in range(start, end):
        state = ((state ^ ((buf[i] ^ 0x80) - 0x80)) * prime) & MASK
    return state


def fnv1(buf: bytearray, start: int, end: int, state: int, prime: int) -> int:
    """Multiply, then mix each byte of ``buf[start:end]`` in.

    Raise IndexError if the buffer has no such span.
    """
    check_order(buf, start, end)
    for i in range(start, end):
        state = ((state * prime) ^ ((buf[i] ^ 0x80) - 0x80)) & MASK
    return state


def fnv1a_each(
    buf: bytearray,
    spans: "array[int]",
    count: int,
    hashes: "array[int]",
    state: int,
    prime: int,
) -> None:
    """Put the `fnv1a` of the first spans, start and end of each, into `hashes`.

    Raise IndexError if the buffer has no such span, or an array less than `count`.
    """
    for i in range(count):
        hashes[i] = fnv1a(buf, spans[2 * i], spans[2 * i + 1], state, prime)
