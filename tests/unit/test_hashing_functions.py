"""Hash functions and tags against the textbook, and at their edges."""

import binascii
import hashlib
import zlib
from array import array
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twemproxy.hashing.hash_tag import tagged_span
from twemproxy.hashing.hashes import KINDS, hash_span, hash_spans
from twemproxy.hashing.md5 import md5_words

WORD: Final = 2**32


def signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


def fnv1(key: bytes, h: int, prime: int, bits: int) -> int:
    for byte in key:
        h = h * prime % 2**bits ^ signed(byte) % 2**bits
    return h % WORD


def fnv1a(key: bytes, h: int, prime: int, bits: int) -> int:
    for byte in key:
        h = (h ^ signed(byte) % 2**bits) * prime % 2**bits
    return h % WORD


def one_at_a_time(key: bytes) -> int:
    h = 0
    for byte in key:
        h = (h + signed(byte)) % WORD * 1025 % WORD
        h ^= h // 64
    h = h * 9 % WORD
    h ^= h // 2048
    return h * 32769 % WORD


TEXTBOOK: Final[dict[str, Callable[[bytes], int]]] = {
    "fnv1_64": lambda key: fnv1(key, 0xCBF29CE484222325, 0x100000001B3, 64),
    "fnv1a_64": lambda key: fnv1a(key, 0xCBF29CE484222325, 0x100000001B3, 64),
    "fnv1_32": lambda key: fnv1(key, 2166136261, 16777619, 32),
    "fnv1a_32": lambda key: fnv1a(key, 2166136261, 16777619, 32),
    "crc32a": zlib.crc32,
    "crc32": lambda key: zlib.crc32(key) >> 16 & 0x7FFF,
    "one_at_a_time": one_at_a_time,
    "md5": lambda key: int.from_bytes(hashlib.md5(key).digest()[:4], "little"),  # noqa: S324 - the reference
}


def hashed(name: str, key: bytes) -> int:
    return hash_span(KINDS[name], bytearray(key), 0, len(key))


@pytest.mark.parametrize("name", TEXTBOOK)
@given(key=st.binary(max_size=300))
def test_the_textbook_formula_gives_the_same_hash(name: str, key: bytes) -> None:
    assert hashed(name, key) == TEXTBOOK[name](key)


@given(key=st.binary(max_size=300))
def test_crc16_holds_the_true_checksum_in_its_low_bits(key: bytes) -> None:
    assert hashed("crc16", key) & 0xFFFF == binascii.crc_hqx(key, 0)


def test_crc16_keeps_what_overflows() -> None:
    assert hashed("crc16", b"foo") == 0x0C3CAF96


@pytest.mark.parametrize("length", [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000])
def test_md5_is_whole_at_every_block_border(length: int) -> None:
    key = bytes(range(256)) * 4
    words = md5_words(bytearray(key), 0, length)
    digest = b"".join(word.to_bytes(4, "little") for word in words)
    assert digest == hashlib.md5(key[:length]).digest()  # noqa: S324 - the reference


@pytest.mark.parametrize("name", KINDS)
@given(key=st.binary(max_size=64), before=st.binary(max_size=5))
def test_what_lies_around_a_key_does_not_count(
    name: str, key: bytes, before: bytes
) -> None:
    buf = bytearray(before + key + b"\x80after")
    h = hash_span(KINDS[name], buf, len(before), len(before) + len(key))
    assert h == hashed(name, key)
    assert 0 <= h < WORD


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("key", [b"\xff" * 300, b"\x80", b"\x7f\x80\xff", b"\0" * 64])
def test_sums_wrap_at_32_bits(name: str, key: bytes) -> None:
    assert 0 <= hashed(name, key) < WORD


@pytest.mark.parametrize("name", sorted(set(KINDS) - {"md5"}))
def test_a_span_beyond_the_buffer_is_refused(name: str) -> None:
    with pytest.raises(IndexError):
        hash_span(KINDS[name], bytearray(b"four"), 0, 5)


def spans_of(keys: list[bytes]) -> "array[int]":
    """Return the start and end of each key where they follow each other."""
    spans = array("q")
    start = 0
    for key in keys:
        spans.extend((start, start + len(key)))
        start += len(key)
    return spans


@pytest.mark.parametrize("name", KINDS)
@given(keys=st.lists(st.binary(max_size=40), max_size=11))
def test_many_keys_have_the_hashes_that_each_has(name: str, keys: list[bytes]) -> None:
    hashes = array("I", bytes(4 * len(keys)))
    block = bytearray(b"".join(keys))
    hash_spans(KINDS[name], block, spans_of(keys), len(keys), hashes)
    assert list(hashes) == [hashed(name, key) for key in keys]


@pytest.mark.parametrize("wrong", [(0, 5), (3, 2), (-1, 2), (4, 6)])
@pytest.mark.parametrize("place", range(5))
def test_a_span_among_many_beyond_the_buffer_is_refused(
    wrong: tuple[int, int], place: int
) -> None:
    rows = [(0, 4)] * 5
    rows[place] = wrong
    spans = array("q", [end for row in rows for end in row])
    hashes = array("I", bytes(20))
    with pytest.raises(IndexError):
        hash_spans(KINDS["fnv1a_64"], bytearray(b"abcd"), spans, 5, hashes)


@pytest.mark.parametrize("name", ["fnv1a_64", "murmur"])
@pytest.mark.parametrize(("spans", "hashes"), [(7, 8), (8, 7)])
def test_more_keys_than_there_is_room_for_are_refused(
    name: str, spans: int, hashes: int
) -> None:
    rows, room = array("q", bytes(16 * spans)), array("I", bytes(4 * hashes))
    with pytest.raises(IndexError):
        hash_spans(KINDS[name], bytearray(b"abcd"), rows, 8, room)


def test_a_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no hash function of kind 12"):
        hash_span(12, bytearray(b"key"), 0, 3)


@pytest.mark.parametrize(
    ("tag", "key", "part"),
    [
        (b"{}", b"user:{7}:name", b"7"),
        (b"{}", b"{a}{b}", b"a"),
        (b"{}", b"{}{a}", b"{}{a}"),
        (b"{}", b"{{a}}", b"{a"),
        (b"{}", b"}a{b", b"}a{b"),
        (b"{}", b"}{a}", b"a"),
        (b"{}", b"{", b"{"),
        (b"{}", b"a}", b"a}"),
        (b"{}", b"", b""),
        (b"$$", b"a$b$c$d", b"b"),
        (b"$$", b"$$a$", b"$$a$"),
        (b"$$", b"a$b", b"a$b"),
        (b"\x80\xff", b"\xff\x80\0\xff", b"\0"),
    ],
)
def test_only_the_first_pair_of_a_tag_counts(
    tag: bytes, key: bytes, part: bytes
) -> None:
    buf = bytearray(tag + key + tag)
    start, end = tagged_span(buf, 2, 2 + len(key), tag[0], tag[1])
    assert buf[start:end] == part
