"""Reading the responses of fragments, to make one response of them.

Spans of bytes in, numbers and offsets out. The responses have been scanned: they
are whole and well formed.
"""

# Typed: literals this large would stay Python objects.
BASIS = 0xCBF29CE484222325
PRIME = 0x100000001B3
MASK = 0xFFFFFFFFFFFFFFFF
LOW_62 = 0x3FFFFFFFFFFFFFFF


def key_hash(buf: bytearray, start: int, end: int) -> int:
    """Return 62 bits that tell one key from another: FNV-1a of four bytes a step.

    Who asked for a key keeps this number instead of the key, to recognise the key
    in the response.
    """
    value = BASIS
    pos = start
    while pos + 4 <= end:
        low = buf[pos] | buf[pos + 1] << 8
        high = buf[pos + 2] | buf[pos + 3] << 8
        value = ((value ^ low ^ high << 16) * PRIME) & MASK
        pos += 4
    while pos < end:
        value = ((value ^ buf[pos]) * PRIME) & MASK
        pos += 1
    value ^= value >> 29
    value = (value * PRIME) & MASK
    return (value ^ (value >> 62)) & LOW_62


def after_word(buf: bytearray, pos: int) -> int:
    """Return the offset of the blank or the CR behind the word at buf[pos]."""
    while buf[pos] not in (32, 13):
        pos += 1
    return pos


def after_value(buf: bytearray, pos: int) -> int:
    """Return the offset behind the value whose VALUE line's flags are at buf[pos]."""
    pos = after_word(buf, pos) + 1
    length = 0
    while buf[pos] not in (32, 13):
        length = length * 10 + buf[pos] - 48
        pos += 1
    while buf[pos] != 10:
        pos += 1
    return pos + 1 + length + 2
