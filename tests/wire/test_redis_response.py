"""Responses of Redis servers: where they end, and what is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.plain import plain
from tests.wire.feeding import Outcome, every_byte, feed, in_halves
from twemproxy import limits
from twemproxy.wire import expect, progress
from twemproxy.wire.redis.merge import fits, integer
from twemproxy.wire.redis.response import ResponseScanner

PlainScanner = plain("twemproxy.wire.redis.response").ResponseScanner
DEEP = b"*1\r\n" * 130
DEEPEST = b"*1\r\n" * limits.MAX_NESTING
RESP2 = (
    b"+OK\r\n",
    b"+\r\n",
    b"-ERR\r\n",
    b"-ERR some words\0\xff\r\n",
    b":0\r\n",
    b":-1\r\n",
    b":9223372036854775807\r\n",
    b":-9223372036854775808\r\n",
    b"$-1\r\n",
    b"$0\r\n\r\n",
    b"$12\r\n\r\n+OK\r\n-ERR\r\r\n",
    b"*-1\r\n",
    b"*0\r\n",
    b"*3\r\n$1\r\na\r\n*2\r\n:1\r\n*0\r\n$-1\r\n",
    DEEP + b":1\r\n",
)
RESP3 = (
    b"_\r\n",
    b"#t\r\n",
    b",1.5e3\r\n",
    b"(123456789012345678901234567890\r\n",
    b"=7\r\ntxt:abc\r\n",
    b"!3\r\nERR\r\n",
    b"%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n_\r\n",
    b"~2\r\n:1\r\n:2\r\n",
    b">2\r\n+message\r\n+x\r\n",
    b"|1\r\n+ttl\r\n:1\r\n*1\r\n:5\r\n",
    b"%0\r\n",
)
BAD = (
    b"OK\r\n",
    b"\r\n",
    b"\0",
    b"@1\r\n",
    b"+OK\n",
    b"+OK\r\r\n",
    b":\r\n",
    b":-\r\n",
    b":+1\r\n",
    b":01\r\n",
    b":-0\r\n",
    b":1 \r\n",
    b":1\n",
    b":9223372036854775808\r\n",
    b":-9223372036854775809\r\n",
    b":00000000000000000000000001\r\n",
    b"$-2\r\n",
    b"$+1\r\na\r\n",
    b"$01\r\na\r\n",
    b"$00000000000000000012\r\n\r\n",
    b"$1\r\nab\r\n",
    b"$2\r\na\r\n\r\n",
    b"$2\r\na\r\n",
    b"$1\r\na\n\n",
    b"$1\na\r\n",
    b"$9223372036854775807\r\n",
    b"$18446744073709551617\r\na\r\n",
    b"$1073741825\r\n",
    b"*-2\r\n",
    b"*01\r\n:1\r\n",
    b"*9223372036854775807\r\n",
    b"*1\r\nOK\r\n",
    b"*1\r\n" + DEEPEST + b":1\r\n",
    b"*1\r\n" * 1_000_000,
)
BAD3 = (
    b"%-1\r\n",
    b"~-1\r\n",
    b">-1\r\n",
    b"|-1\r\n",
    b"=-1\r\n",
    b"!-1\r\n",
    b"?1\r\n",
    b"_x\r\n",
    b"*1\r\n_x\r\n",
)

values = st.recursive(
    st.sampled_from([*RESP2[:10], b"$3\r\nabc\r\n"]),
    lambda inner: st.lists(inner, max_size=4).map(
        lambda items: b"*%d\r\n%b" % (len(items), b"".join(items))
    ),
    max_leaves=20,
)
noise = st.lists(
    st.sampled_from([b"*", b"$", b":", b"+", b"-", b"\r\n", b"\r", b"\n", b"0", b"1"])
    | st.sampled_from([b"*2\r\n", b"$-1\r\n", b"$3\r\nabc\r\n", b"%1\r\n", b"_\r\n"])
    | st.binary(max_size=3),
    max_size=30,
).map(b"".join)
cuts = st.lists(st.integers(0, 200), max_size=5)


def newer() -> ResponseScanner:
    """Make a scanner for a connection that speaks RESP3."""
    scanner = ResponseScanner()
    scanner.resp3 = True
    return scanner


def scan(data: bytes, ends: list[int] | None = None) -> Outcome:
    """Read with the scanner in use."""
    return feed(ResponseScanner, data, ends)


@pytest.mark.parametrize("data", RESP2)
def test_a_response_ends_at_its_last_byte_however_it_is_cut(data: bytes) -> None:
    stream = data + b"+next\r\n"
    expected = ((progress.WHOLE, len(data)), (progress.WHOLE, 7))
    for ends in [*in_halves(stream), list(every_byte(stream))]:
        assert scan(stream, ends).found == expected


def test_arrays_lie_in_arrays_as_deep_as_lua_can_make_them() -> None:
    data = DEEPEST + b":1\r\n"
    assert scan(data + b":2\r\n").found == (
        (progress.WHOLE, len(data)),
        (progress.WHOLE, 4),
    )


@pytest.mark.parametrize("data", RESP3)
def test_the_newer_types_are_read_where_they_were_asked_for(data: bytes) -> None:
    for ends in [*in_halves(data), list(every_byte(data))]:
        assert feed(newer, data, ends).found == ((progress.WHOLE, len(data)),)


@pytest.mark.parametrize("data", RESP3)
def test_the_newer_types_are_refused_where_nobody_asked(data: bytes) -> None:
    assert scan(data).error.startswith("ProtocolError: ")


@pytest.mark.parametrize("data", BAD, ids=lambda data: repr(data[:30]))
def test_what_is_no_response_is_refused_however_it_is_cut(data: bytes) -> None:
    assert scan(data).error.startswith("ProtocolError: ")
    assert not scan(data).found
    step = max(1, len(data) // 50)
    for cut in range(0, len(data), step):
        assert scan(data, [cut, len(data)]).error == scan(data).error


@pytest.mark.parametrize("data", [*BAD, *BAD3], ids=lambda data: repr(data[:30]))
def test_what_is_no_newer_response_is_refused(data: bytes) -> None:
    assert feed(newer, data).error.startswith("ProtocolError: ")


@given(st.lists(values, max_size=5), cuts)
def test_any_value_is_found_whole(items: list[bytes], where: list[int]) -> None:
    data = b"".join(items)
    ends = [*sorted(min(cut, len(data)) for cut in where), len(data)]
    outcome = scan(data, ends)
    assert [length for _, length in outcome.found] == [len(item) for item in items]


@settings(max_examples=400)
@given(noise, cuts)
def test_noise_is_parsed_awaited_or_refused_and_both_runs_agree(
    data: bytes, where: list[int]
) -> None:
    ends = [*sorted(min(cut, len(data)) for cut in where), len(data)]
    outcome = scan(data, ends)
    assert outcome.error == "" or outcome.error.startswith("ProtocolError: ")
    assert outcome == feed(PlainScanner, data, ends)
    assert outcome == scan(data)


def test_a_line_may_be_as_long_as_scripts_make_it() -> None:
    data = b"+" + b"x" * (limits.MAX_LINE_BYTES + 70_000) + b"\r\n"
    ends = list(range(65536, len(data), 65536))
    assert scan(data, [*ends, len(data)]).found == ((progress.WHOLE, len(data)),)


def fits_after_scan(expects: int, wanted: int, data: bytes) -> bool:
    buf = bytearray(b"$1" + data)
    scanner = ResponseScanner()
    assert scanner.advance(buf, 2, len(buf)) == progress.WHOLE
    return fits(expects, wanted, scanner, buf, 2)


@pytest.mark.parametrize(
    ("expects", "wanted", "data"),
    [
        (expect.VALUES, 2, b"*2\r\n$-1\r\n$3\r\nabc\r\n"),
        (expect.COUNT, 2, b":2\r\n"),
        (expect.COUNT, 2, b":0\r\n"),
        (expect.STATUS, 0, b"+OK\r\n"),
    ],
)
def test_what_a_fragment_asked_for_fits(expects: int, wanted: int, data: bytes) -> None:
    assert fits_after_scan(expects, wanted, data)


@pytest.mark.parametrize(
    ("expects", "wanted", "data"),
    [
        (expect.VALUES, 2, b"*2\r\n:1\r\n:2\r\n"),
        (expect.VALUES, 2, b"*2\r\n$1\r\na\r\n*1\r\n$1\r\na\r\n"),
        (expect.VALUES, 2, b"*1\r\n$1\r\na\r\n"),
        (expect.VALUES, 2, b"*3\r\n$-1\r\n$-1\r\n$-1\r\n"),
        (expect.VALUES, 2, b"*-1\r\n"),
        (expect.VALUES, 2, b":2\r\n"),
        (expect.COUNT, 2, b":3\r\n"),
        (expect.COUNT, 2, b":-1\r\n"),
        (expect.COUNT, 2, b":9223372036854775807\r\n"),
        (expect.COUNT, 2, b":-9223372036854775808\r\n"),
        (expect.COUNT, 2, b"+2\r\n"),
        (expect.STATUS, 0, b":1\r\n"),
    ],
)
def test_anything_else_does_not_fit(expects: int, wanted: int, data: bytes) -> None:
    assert not fits_after_scan(expects, wanted, data)


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_number_is_read_exactly_or_known_to_be_huge(number: int) -> None:
    found = integer(bytearray(b":%d\r\n" % number), 0)
    assert found == number or (abs(number) >= 10**17 and abs(found) >= 10**17)


@pytest.mark.parametrize(("length", "flat"), [(999_999_999, True), (10**9, False)])
def test_a_string_that_nobody_can_weave_is_not_plain(length: int, flat: bool) -> None:
    scanner = ResponseScanner()
    begun = bytearray(b"*1\r\n$%d\r\n" % length)
    assert scanner.advance(begun, 0, len(begun)) == progress.MORE
    assert scanner.flat == flat
