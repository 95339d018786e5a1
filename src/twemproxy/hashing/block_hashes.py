"""The hash functions that eat a key four or twelve bytes at a time.

Words are read little-endian from any address, so the results are those of the C
program on amd64. Every sum and shift is masked to 32 bits.
"""

MASK = 0xFFFFFFFF  # typed: a bare literal this large stays a Python int
SEED = 0xDEADBEEF


def murmur(buf: bytearray, start: int, end: int) -> int:
    """MurmurHash2, seeded with a multiple of the key's length."""
    length = end - start
    h = (SEED * length ^ length) & MASK
    while start + 4 <= end:
        k = (_word(buf, start, end) * 0x5BD1E995) & MASK
        k = ((k ^ k >> 24) * 0x5BD1E995) & MASK
        h = ((h * 0x5BD1E995) & MASK) ^ k
        start += 4
    if start < end:
        h = ((h ^ _word(buf, start, end)) * 0x5BD1E995) & MASK
    h = ((h ^ h >> 13) * 0x5BD1E995) & MASK
    return h ^ h >> 15


def hsieh(buf: bytearray, start: int, end: int) -> int:
    """SuperFastHash that starts at 0, with a signed third tail byte."""
    h = 0
    while start + 4 <= end:
        word = _word(buf, start, end)
        h = (h + (word & 0xFFFF)) & MASK
        h = (h << 16 ^ (word >> 16) << 11 ^ h) & MASK
        h = (h + (h >> 11)) & MASK
        start += 4
    word = _word(buf, start, end)
    if start + 3 == end:
        h = (h + (word & 0xFFFF)) & MASK
        h = (h ^ h << 16 ^ ((word >> 16 ^ 0x80) - 0x80) << 18) & MASK
        h = (h + (h >> 11)) & MASK
    elif start + 2 == end:
        h = (h + word) & MASK
        h = (h ^ h << 11) & MASK
        h = (h + (h >> 17)) & MASK
    elif start + 1 == end:
        h = (h + word) & MASK
        h = (h ^ h << 10) & MASK
        h = (h + (h >> 1)) & MASK
    return _avalanche(h)


def _avalanche(h: int) -> int:
    """Spread the last bits of a hsieh hash."""
    h = (h ^ h << 3) & MASK
    h = (h + (h >> 5)) & MASK
    h = (h ^ h << 4) & MASK
    h = (h + (h >> 17)) & MASK
    h = (h ^ h << 25) & MASK
    return (h + (h >> 6)) & MASK


def jenkins(buf: bytearray, start: int, end: int) -> int:
    """Bob Jenkins' lookup3 with the initial value 13."""
    a = b = c = (SEED + (end - start) + 13) & MASK
    if start == end:
        return c
    while start + 12 < end:
        a = (a + _word(buf, start, end)) & MASK
        b = (b + _word(buf, start + 4, end)) & MASK
        c = (c + _word(buf, start + 8, end)) & MASK
        a = ((a - c) ^ _rotate(c, 4)) & MASK
        c = (c + b) & MASK
        b = ((b - a) ^ _rotate(a, 6)) & MASK
        a = (a + c) & MASK
        c = ((c - b) ^ _rotate(b, 8)) & MASK
        b = (b + a) & MASK
        a = ((a - c) ^ _rotate(c, 16)) & MASK
        c = (c + b) & MASK
        b = ((b - a) ^ _rotate(a, 19)) & MASK
        a = (a + c) & MASK
        c = ((c - b) ^ _rotate(b, 4)) & MASK
        b = (b + a) & MASK
        start += 12
    a = (a + _word(buf, start, end)) & MASK
    b = (b + _word(buf, start + 4, end)) & MASK
    c = (c + _word(buf, start + 8, end)) & MASK
    c = ((c ^ b) - _rotate(b, 14)) & MASK
    a = ((a ^ c) - _rotate(c, 11)) & MASK
    b = ((b ^ a) - _rotate(a, 25)) & MASK
    c = ((c ^ b) - _rotate(b, 16)) & MASK
    a = ((a ^ c) - _rotate(c, 4)) & MASK
    b = ((b ^ a) - _rotate(a, 14)) & MASK
    return ((c ^ b) - _rotate(b, 24)) & MASK


def _rotate(word: int, bits: int) -> int:
    return (word << bits | word >> (32 - bits)) & MASK


def _word(buf: bytearray, pos: int, end: int) -> int:
    """Up to four bytes at `pos`, little-endian; what lies past `end` is zero."""
    if pos + 4 <= end:
        word = buf[pos + 3]  # C shifts an int, which has no room for it
        return buf[pos] | buf[pos + 1] << 8 | buf[pos + 2] << 16 | word << 24
    word = 0
    for i in range(end - pos):
        word |= buf[pos + i] << 8 * i
    return word
