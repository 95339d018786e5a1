"""What the proxy makes of several replies, of patterns, numbers and values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twemproxy.wire import rule
from twemproxy.wire.redis import answers
from twemproxy.wire.redis.glob import LONGEST, compiled, matches
from twemproxy.wire.redis.numbers import cursor, is_integer
from twemproxy.wire.redis.parts import HEAD_BYTES, MERGES, cursor_of, joined
from twemproxy.wire.redis.shapes import Status, Value, Verbatim, encode

ERROR = b"-NOTBUSY no\r\n"
IDLE = b"*4\r\n$14\r\nrunning_script\r\n$-1\r\n$7\r\nengines\r\n*0\r\n"
IDLE3 = b"%2\r\n$14\r\nrunning_script\r\n_\r\n$7\r\nengines\r\n%0\r\n"
BUSY = b"*4\r\n$14\r\nrunning_script\r\n*2\r\n$4\r\nname\r\n$1\r\nf\r\n$0\r\n\r\n*0\r\n"
DIGITS = b"1" * 5000  # Python reads no number of so many


@pytest.mark.parametrize(
    ("merge", "replies", "expected"),
    [
        (rule.SUM, [b":7\r\n", b":5\r\n"], b":12\r\n"),
        (rule.SUM, [b":7\r\n", b"+OK\r\n"], answers.UNEXPECTED),
        (rule.SUM, [b":%d\r\n" % (2**63 - 1)] * 2, answers.UNEXPECTED),
        (rule.SUM, [b":7\r\n", b"+%b\r\n" % DIGITS], answers.UNEXPECTED),
        (rule.RANDOM, [b"$-1\r\n", b"$1\r\nk\r\n"], b"$1\r\nk\r\n"),
        (rule.RANDOM, [b"_\r\n", b"_\r\n"], b"_\r\n"),
        (rule.STATUS, [b"+OK\r\n", b"+OK\r\n"], b"+OK\r\n"),
        (rule.STATUS, [b"+OK\r\n", b"$-1\r\n"], answers.UNEXPECTED),
        (rule.MINIMUM, [b":2\r\n", b":-1\r\n"], b":-1\r\n"),
        (
            rule.MINIMUM,
            [b"*2\r\n:1\r\n:0\r\n", b"*2\r\n:1\r\n:1\r\n"],
            b"*2\r\n:1\r\n:0\r\n",
        ),
        (rule.MINIMUM, [b"*1\r\n:1\r\n", b"*2\r\n:1\r\n:1\r\n"], answers.UNEXPECTED),
        (rule.MINIMUM, [b"*1\r\n+x\r\n", b":1\r\n"], answers.UNEXPECTED),
        (rule.ONE_OK, [ERROR, b"+OK\r\n"], b"+OK\r\n"),
        (rule.ONE_OK, [ERROR, ERROR], ERROR),
        (rule.RUNNING, [IDLE, BUSY], BUSY),
        (rule.RUNNING, [BUSY, IDLE], BUSY),
        (rule.RUNNING, [IDLE, IDLE3], IDLE),
    ],
)
def test_several_replies_become_one(
    merge: int, replies: list[bytes], expected: bytes
) -> None:
    assert b"".join(MERGES[merge](replies)) == expected


@pytest.mark.parametrize(
    ("replies", "line", "offsets"),
    [
        ([b"*1\r\n:1\r\n", b"*0\r\n"], b"*1\r\n", [4, 4]),
        ([b"~10\r\n:1\r\n", b"~1\r\n:2\r\n"], b"~11\r\n", [5, 4]),
        ([b"*-1\r\n", b"*0\r\n"], answers.UNEXPECTED, []),
        ([b"(%b\r\n" % DIGITS, b"*0\r\n"], answers.UNEXPECTED, []),
    ],
)
def test_arrays_are_joined_knowing_their_beginning(
    replies: list[bytes], line: bytes, offsets: list[int]
) -> None:
    heads = [reply[:HEAD_BYTES] for reply in replies]
    assert joined(heads) == (line, offsets)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b"*2\r\n$1\r\n0\r\n*0\r\n", (0, 11)),
        (b"*2\r\n$3\r\n128\r\n*1\r\n$1\r\nk\r\n", (128, 13)),
        (b"*2\r\n$1\r\nx\r\n*0\r\n", (-1, 0)),
        (b"*2\r\n:1\r\n*0\r\n", (-1, 0)),
        (b"+OK\r\n", (-1, 0)),
        (b"*2\r\n$5000\r\n%b\r\n*0\r\n" % DIGITS, (-1, 0)),
    ],
)
def test_a_cursor_is_found_in_a_reply(reply: bytes, expected: tuple[int, int]) -> None:
    assert cursor_of(reply) == expected
    assert cursor_of(reply[:HEAD_BYTES]) == expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (b"*", b"", True),
        (b"a*c", b"abbc", True),
        (b"a*c", b"abb", False),
        (b"a?c", b"abc", True),
        (b"a?c", b"ac", False),
        (b"h[ae]llo", b"hello", True),
        (b"h[^e]llo", b"hello", False),
        (b"h[a-c]llo", b"hbllo", True),
        (b"h[c-a]llo", b"hbllo", True),
        (b"a\\*b", b"a*b", True),
        (b"a\\*b", b"axb", False),
        (b"[a\\]]x", b"]x", True),
        (b"[ab", b"b", True),
        (b"max*-*", b"maxmemory-policy", True),
        (b"", b"", True),
        (b"", b"a", False),
    ],
)
def test_patterns_match_as_in_redis(
    pattern: bytes, text: bytes, expected: bool
) -> None:
    assert matches(compiled(pattern), text) == expected


def test_a_pattern_of_stars_is_no_attack() -> None:
    assert not matches(compiled(b"*a" * 300), b"a" * 299)


def test_stars_side_by_side_are_one_and_a_longer_pattern_matches_nothing() -> None:
    assert len(compiled(b"*" * LONGEST)) == 1
    assert matches(compiled(b"*" * LONGEST), b"a")
    assert not matches(compiled(b"*" * (LONGEST + 1)), b"a")


@given(st.binary(max_size=25))
def test_a_number_is_what_is_written_back_the_same(text: bytes) -> None:
    if is_integer(text):
        assert b"%d" % int(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"0", 0),
        (b"", 0),
        (b"007", 7),
        (b"+7", 7),
        (b"-1", 2**64 - 1),
        (b"18446744073709551615", 2**64 - 1),
        (b"18446744073709551616", -1),
        (b" 1", -1),
        (b"1x", -1),
        (b"-", -1),
        (b"\x00x", 0),
    ],
)
def test_a_cursor_is_read_as_redis_reads_it(text: bytes, expected: int) -> None:
    assert cursor(text) == expected


def test_values_take_the_shape_of_the_protocol() -> None:
    value: Value = {b"a": None, b"b": [1, Status(b"OK")], b"c": Verbatim(b"hi")}
    assert encode(value, True) == (
        b"%3\r\n$1\r\na\r\n_\r\n$1\r\nb\r\n*2\r\n:1\r\n+OK\r\n"
        b"$1\r\nc\r\n=6\r\ntxt:hi\r\n"
    )
    assert encode(value, False) == (
        b"*6\r\n$1\r\na\r\n$-1\r\n$1\r\nb\r\n*2\r\n:1\r\n+OK\r\n$1\r\nc\r\n$2\r\nhi\r\n"
    )
