"""Walks over what is plain see the same, compiled and interpreted, in any bytes."""

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twemproxy.hashing.fnv import fnv1, fnv1a
from twemproxy.net.memory import copy
from twemproxy.wire.memcache import plain
from twemproxy.wire.redis import bulk
from twemproxy.wire.word import word_at

STRING = re.compile(rb"\$(0|[1-9][0-9]{0,8})\r\n", re.DOTALL)
COUNT = re.compile(rb"\*(0|[1-9][0-9]{0,8})\r\n", re.DOTALL)
LINE = re.compile(rb"[^\r\n]*\r\n")
VALUE = re.compile(
    rb"VALUE ([^ \r\n]{1,250}) [0-9]{1,20} ([0-9]{1,10})( [0-9]{1,20})?\r\n"
)

PARTS = b"$ * -1 0 1 3 12 123456789 abc VALUE END\r\n k \x00 \xff +OK \r\n \r \n".split(
    b" "
)
STRINGS = (b"$-1\r\n", b"$0\r\n\r\n", b"$3\r\nabc\r\n", b"$10\r\n$1\r\nx\r\n---\r\n")
BYTES = st.lists(st.sampled_from([*PARTS, b" ", b"VALUE "]), max_size=14).map(b"".join)


@given(BYTES, BYTES, st.integers(0, 6))
@example(b"", b"$3\r\nabc\r\n", 0)
@example(b"x", b"$-1\r\n", 0)
@example(b"", b"$3\r\nabc\r\n", 1)
@example(b"", b"$1234567890\r\n", 0)
def test_a_plain_string_is_a_length_and_so_many_bytes(
    before: bytes, text: bytes, cut: int
) -> None:
    buf = bytearray(before + text)
    at, filled = len(before), max(len(before), len(buf) - cut)
    seen = bytes(buf[at:filled])
    found = STRING.match(seen)
    length = -1
    if found is not None:
        end = found.end() + int(found.group(1))
        if seen[end : end + 2] == b"\r\n":
            length = int(found.group(1))
    behind = -1 if length < 0 else at + bulk.head_size(length) + length + 2
    if seen.startswith(b"$-1\r\n"):
        behind = at + 5
    assert bulk.after_bulk(buf, at, filled) == behind
    assert bulk.after_bulks(buf, at, filled, 1) == behind
    assert bulk.after_bulks(buf, at, filled, 0) == at


@given(st.lists(st.sampled_from(STRINGS), max_size=5), st.integers(0, 6))
def test_strings_in_a_row(strings: list[bytes], more: int) -> None:
    text = b"".join(strings)
    buf = bytearray(b">" + text + b"+")
    wanted = len(strings) + more
    end = len(buf) - 1 if not more else -1
    assert bulk.after_bulks(buf, 1, len(buf), wanted) == end


@given(BYTES, st.integers(0, 6))
@example(b"*12\r\n", 0)
@example(b"+OK\r\n", 1)
def test_counts_and_short_lines(text: bytes, cut: int) -> None:
    buf = bytearray(text)
    filled = max(0, len(buf) - cut)
    seen = bytes(buf[:filled])
    count = COUNT.match(seen)
    assert bulk.plain_count(buf, 0, filled) == (-1 if count is None else int(count[1]))
    line = LINE.match(seen)
    short = line is not None and line.end() <= 64
    assert bulk.after_line(buf, 0, filled) == (line.end() if line and short else -1)


@pytest.mark.parametrize("number", [0, 9, 10, 99, 100, 999, 1000, 10**6, 999999999])
def test_the_size_of_a_head(number: int) -> None:
    assert bulk.head_size(number) == len(b"$%d\r\n" % number)


def test_a_line_is_short_up_to_64_bytes() -> None:
    for size in (62, 63):
        buf = bytearray(b"+" + b"x" * (size - 1) + b"\r\n")
        assert bulk.after_line(buf, 0, len(buf)) == (64 if size == 62 else -1)


@given(BYTES, st.integers(0, 6))
@example(b"VALUE k 0 3\r\nabc\r\nEND\r\n", 0)
@example(b"VALUE k 0 3 12\r\nabc\r\nVALUE \x01\xff 1 0\r\n\r\nEND\r\n", 0)
@example(b"VALUE k 0 3\r\nabc\r\nEND\r\n", 1)
@example(b"VALUE  0 3\r\nabc\r\nEND\r\n", 0)
@example(b"VALUE " + b"k" * 250 + b" 0 0\r\n\r\nEND\r\n", 0)
@example(b"VALUE " + b"k" * 251 + b" 0 0\r\n\r\nEND\r\n", 0)
def test_values_and_their_end(text: bytes, cut: int) -> None:
    buf = bytearray(text)
    filled = max(0, len(buf) - cut)
    seen = bytes(buf[:filled])
    walker = plain.ValueWalker()
    found = VALUE.match(seen)
    assert walker.find_value(buf, 0, filled) == (found is not None)
    if found is not None:
        assert (walker.key, walker.key_end) == found.span(1)
        assert walker.behind == found.end() + int(found[2]) + 2
    assert walker.after_values(buf, 0, filled) == end_of_values(seen)


def end_of_values(seen: bytes) -> int:
    """Return the offset behind values and END, -1 without them."""
    pos = 0
    while not seen.startswith(b"END\r\n", pos):
        found = VALUE.match(seen, pos)
        if found is None:
            return -1
        end = found.end() + int(found[2])
        if seen[end : end + 2] != b"\r\n":
            return -1
        pos = end + 2
    return pos + 5


@given(st.binary(max_size=6), st.integers(0, 6))
@example(b"HD\r\n", 0)
@example(b"HD\r\nX", 1)
def test_bytes_that_begin_with_a_text(data: bytes, cut: int) -> None:
    buf = bytearray(b">" + data)
    filled = max(1, len(buf) - cut)
    for text in (b"", data[:2], b"HD\r\n", data + b"x"):
        begins = plain.begins(buf, 1, filled, bytearray(text))
        assert begins == bytes(buf[1:filled]).startswith(text)


def test_more_values_than_there_is_room_for_are_not_plain() -> None:
    value = b"VALUE k 0 1\r\nx\r\n"
    for count, plainly in [(0, True), (128, True), (129, False)]:
        buf = bytearray(value * count + b"END\r\n")
        walker = plain.ValueWalker()
        end = walker.after_values(buf, 0, len(buf))
        assert (end == len(buf), walker.values) == (plainly, count if plainly else 0)


@given(st.binary(max_size=20), st.booleans())
def test_a_word_of_up_to_eight_bytes_is_a_number(text: bytes, fold: bool) -> None:
    word = text.lower() if fold else text
    known = 0 < len(text) <= 8 and 0 not in text
    buf = bytearray(b"<" + text + b">")
    number = word_at(buf, 1, 1 + len(text), fold)
    assert number == (int.from_bytes(word, "big") if known else 0)


def test_keys_have_hashes_of_62_bits_that_differ() -> None:
    keys = [b"k%d" % i for i in range(3000)] + [b"key:%012d" % i for i in range(3000)]
    keys += [bytes([i]) * n for i in range(256) for n in range(1, 20)]
    hashes = {plain.key_hash(bytearray(key), 0, len(key)) for key in set(keys)}
    assert len(hashes) == len(set(keys))
    assert all(0 <= number < 2**62 for number in hashes)
    # The same number, compiled and interpreted.
    assert plain.key_hash(bytearray(b"<key:00000>"), 1, 10) == 2286481778823121613


@pytest.mark.parametrize("span", [(-1, 2), (0, 4), (2, 5)])
def test_a_span_beyond_the_buffer_is_refused(span: tuple[int, int]) -> None:
    buf = bytearray(b"abc")
    walks: list[Callable[[bytearray, int, int], object]] = [
        bulk.after_bulk,
        bulk.after_line,
        lambda buf, start, end: bulk.after_bulks(buf, start, end, 1),
        bulk.plain_count,
        plain.key_hash,
        lambda buf, start, end: plain.begins(buf, start, end, buf),
        plain.ValueWalker().find_value,
        plain.ValueWalker().after_values,
        lambda buf, start, end: word_at(buf, start, end, True),
        lambda buf, start, end: fnv1a(buf, start, end, 1, 3),
        lambda buf, start, end: fnv1(buf, start, end, 1, 3),
    ]
    for walk in walks:
        with pytest.raises(IndexError, match="of 3"):
            walk(buf, *span)


def test_a_span_that_ends_before_it_begins_is_not_hashed_and_not_copied() -> None:
    buf = bytearray(b"abc")
    walks: list[Callable[[], int]] = [
        lambda: fnv1a(buf, 2, 1, 1, 3),
        lambda: fnv1(buf, 2, 1, 1, 3),
        lambda: copy(bytearray(3), 1, buf, 2, 1),
    ]
    for walk in walks:
        with pytest.raises(IndexError, match=r"2\.\.1 of 3"):
            walk()
