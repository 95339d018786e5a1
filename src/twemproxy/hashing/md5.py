"""MD5 over a span, as four little-endian words.

Both the `md5` hash and every point of a ketama ring come from here. The standard
library's `hashlib` is left out on purpose: it loads OpenSSL into each worker
(about 4 MB), may refuse MD5 on hardened systems, and needs a copy of the key.
"""

from math import sin

MASK = 0xFFFFFFFF  # typed: a bare literal this large stays a Python int
BLOCK = 64  # bytes mixed in at a time
ROOM = 56  # of them left in the last block, which ends with the length
SECOND_ROUND, THIRD_ROUND, FOURTH_ROUND = 16, 32, 48

SINES = [int(abs(sin(i + 1)) * 4294967296.0) for i in range(64)]
SHIFTS = (
    [7, 12, 17, 22] * 4 + [5, 9, 14, 20] * 4 + [4, 11, 16, 23] * 4 + [6, 10, 15, 21] * 4
)


def md5_words(buf: bytearray, start: int, end: int) -> tuple[int, int, int, int]:
    """Return the digest of ``buf[start:end]``, first word first."""
    length = end - start
    state = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
    while end - start >= BLOCK:
        state = _absorb(state, buf, start)
        start += BLOCK
    rest = end - start
    tail = bytearray(BLOCK if rest < ROOM else 2 * BLOCK)
    tail[:rest] = buf[start:end]
    size = len(tail)
    tail[rest] = 0x80
    for i in range(8):
        tail[size - 8 + i] = (length * 8) >> (8 * i) & 0xFF
    state = _absorb(state, tail, 0)
    if size > BLOCK:
        state = _absorb(state, tail, BLOCK)
    return state


def _absorb(
    state: tuple[int, int, int, int], buf: bytearray, start: int
) -> tuple[int, int, int, int]:
    """Mix the 64 bytes at `start` into the state."""
    a, b, c, d = state
    words = [0] * 16
    for i in range(16):
        pos = start + 4 * i
        top = buf[pos + 3]  # C shifts an int, which has no room for it
        words[i] = buf[pos] | buf[pos + 1] << 8 | buf[pos + 2] << 16 | top << 24
    for i in range(64):
        if i < SECOND_ROUND:
            mix = (b & c) | (~b & d)
            pos = i
        elif i < THIRD_ROUND:
            mix = (d & b) | (~d & c)
            pos = (5 * i + 1) & 15
        elif i < FOURTH_ROUND:
            mix = b ^ c ^ d
            pos = (3 * i + 5) & 15
        else:
            mix = c ^ (b | (~d & MASK))
            pos = (7 * i) & 15
        mix = (mix + a + SINES[i] + words[pos]) & MASK
        a = d
        d = c
        c = b
        b = (b + (mix << SHIFTS[i] | mix >> (32 - SHIFTS[i]))) & MASK
    return (
        (state[0] + a) & MASK,
        (state[1] + b) & MASK,
        (state[2] + c) & MASK,
        (state[3] + d) & MASK,
    )
