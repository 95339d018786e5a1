"""The twelve hash functions a pool can name, over a span of a buffer.

Placement depends on them bit for bit, oddities included: the key's bytes are
*signed* in several (a byte from 0x80 on counts as byte - 256), `crc16` keeps what
overflows its 16 bits, `crc32` keeps 15 bits, and the 64-bit FNV hashes are used
for their low 32 bits, which a 32-bit state with the prime's low half yields.
"""

from array import array
from typing import Final

from twemproxy.hashing.block_hashes import hsieh, jenkins, murmur
from twemproxy.hashing.fnv import fnv1, fnv1a, fnv1a_each
from twemproxy.hashing.md5 import md5_words

MASK = 0xFFFFFFFF  # typed: a bare literal this large stays a Python int

# The likeliest first; the Fowler-Noll-Vo family must come before all others.
(
    FNV1A_64,
    FNV1_64,
    FNV1A_32,
    FNV1_32,
    MURMUR,
    JENKINS,
    HSIEH,
    ONE_AT_A_TIME,
    CRC16,
    CRC32,
    CRC32A,
    MD5,
) = range(12)

KINDS: Final[dict[str, int]] = {
    "one_at_a_time": ONE_AT_A_TIME,
    "md5": MD5,
    "crc16": CRC16,
    "crc32": CRC32,
    "crc32a": CRC32A,
    "fnv1_64": FNV1_64,
    "fnv1a_64": FNV1A_64,
    "fnv1_32": FNV1_32,
    "fnv1a_32": FNV1A_32,
    "hsieh": HSIEH,
    "murmur": MURMUR,
    "jenkins": JENKINS,
}


def hash_span(kind: int, buf: bytearray, start: int, end: int) -> int:
    """Hash ``buf[start:end]`` with the function of that kind, see `KINDS`."""
    if kind == FNV1A_64:
        return fnv1a(buf, start, end, 0x84222325, 0x1B3)
    if kind <= FNV1_32:
        return _hash_span_fnv(kind, buf, start, end)
    if kind == MURMUR:
        return murmur(buf, start, end)
    if kind == JENKINS:
        return jenkins(buf, start, end)
    if kind == HSIEH:
        return hsieh(buf, start, end)
    return _hash_span_bytewise(kind, buf, start, end)


def hash_spans(
    kind: int, buf: bytearray, spans: "array[int]", count: int, hashes: "array[int]"
) -> None:
    """Put the hash of so many `spans`, the start and end of each, into `hashes`."""
    if kind == FNV1A_64:
        fnv1a_each(buf, spans, count, hashes, 0x84222325, 0x1B3)
        return
    for i in range(count):
        hashes[i] = hash_span(kind, buf, spans[2 * i], spans[2 * i + 1])


def _hash_span_fnv(kind: int, buf: bytearray, start: int, end: int) -> int:
    """Serve the other Fowler-Noll-Vo hashes."""
    if kind == FNV1_64:
        return fnv1(buf, start, end, 0x84222325, 0x1B3)
    if kind == FNV1A_32:
        return fnv1a(buf, start, end, 0x811C9DC5, 0x01000193)
    return fnv1(buf, start, end, 0x811C9DC5, 0x01000193)


def _hash_span_bytewise(kind: int, buf: bytearray, start: int, end: int) -> int:
    """Serve the checksums and other rarely chosen kinds."""
    if kind == ONE_AT_A_TIME:
        return _one_at_a_time(buf, start, end)
    if kind == CRC16:
        return _crc16(buf, start, end)
    if kind == CRC32:
        return _crc32a(buf, start, end) >> 16 & 0x7FFF
    if kind == CRC32A:
        return _crc32a(buf, start, end)
    if kind == MD5:
        return md5_words(buf, start, end)[0]
    raise ValueError(f"no hash function of kind {kind}")


def _one_at_a_time(buf: bytearray, start: int, end: int) -> int:
    h = 0
    for i in range(start, end):
        h = (h + ((buf[i] ^ 0x80) - 0x80)) & MASK
        h = (h + (h << 10)) & MASK
        h ^= h >> 6
    h = (h + (h << 3)) & MASK
    h ^= h >> 11
    return (h + (h << 15)) & MASK


def _crc16(buf: bytearray, start: int, end: int) -> int:
    h = 0
    for i in range(start, end):
        h = (h << 8 ^ CRC16_TABLE[(h >> 8 ^ buf[i]) & 0xFF]) & MASK
    return h


def _crc32a(buf: bytearray, start: int, end: int) -> int:
    h = MASK
    for i in range(start, end):
        h = h >> 8 ^ CRC32_TABLE[(h ^ buf[i]) & 0xFF]
    return h ^ MASK


def _crc16_entry(index: int) -> int:
    """Shift one byte through the polynomial 0x1021, highest bit first."""
    entry = index << 8
    for _ in range(8):
        entry = entry << 1 ^ (0x1021 if entry & 0x8000 else 0)
    return entry & 0xFFFF


def _crc32_entry(index: int) -> int:
    """Shift one byte through the reflected polynomial, lowest bit first."""
    entry = index
    for _ in range(8):
        entry = entry >> 1 ^ (0xEDB88320 if entry & 1 else 0)
    return entry


CRC16_TABLE = [_crc16_entry(i) for i in range(256)]
CRC32_TABLE = [_crc32_entry(i) for i in range(256)]
