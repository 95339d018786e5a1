"""Responses of memcached servers: where they end, and what is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.plain import plain
from tests.wire.feeding import Outcome, every_byte, feed, in_halves
from twemproxy import limits
from twemproxy.errors import ProtocolError
from twemproxy.wire import progress
from twemproxy.wire.memcache import due
from twemproxy.wire.memcache.plain import key_hash
from twemproxy.wire.memcache.response import ResponseScanner

PlainScanner = plain("twemproxy.wire.memcache.response").ResponseScanner
KINDS = range(due.VALUES, due.QUIET_META + 1)
VALUE = b"VALUE k 1 5\r\nE\r\nND\r\n"
GOOD = (
    (due.VALUES, b"END\r\n"),
    (due.VALUES, VALUE + b"END\r\n"),
    (due.VALUES, b"VALUE a 0 0 99\r\n\r\n" + VALUE + b"END\r\n"),
    (due.STORED, b"STORED\r\n"),
    (due.STORED, b"NOT_STORED\r\n"),
    (due.STORED, b"SERVER_ERROR object too large for cache\r\n"),
    (due.NUMBER, b"18446744073709551615\r\n"),
    (due.NUMBER, b"CLIENT_ERROR cannot increment\r\n"),
    (due.TOUCHED, b"NOT_FOUND\r\n"),
    (due.DELETED, b"DELETED\r\n"),
    (due.VERSION, b"VERSION 1.6.18 beta\r\n"),
    (due.OKAY, b"OK\r\n"),
    (due.STATS, b"STAT a b c\r\nSTAT d 1\r\nEND\r\n"),
    (due.STATS, b"RESET\r\n"),
    (due.STATS, b"ITEM k [1 b; 0 s]\r\nEND\r\n"),
    (due.META, b"HD\r\n"),
    (due.META, b"VA 2 kk Oabc\r\n\r\n\r\n"),
    (due.META, b"ME k exp=-1\r\n"),
    (due.META, b"CLIENT_ERROR invalid flag\r\n"),
    (due.QUIET_META, b"MN\r\n"),
    (due.QUIET_META, b"EN\r\nMN\r\n"),
    (due.QUIET_META, b"VA 2\r\nMN\r\nMN\r\n"),
    (due.QUIET_META, b"SERVER_ERROR out of memory\r\nMN\r\n"),
)
BAD = (
    (due.VALUES, b"VALUE k 1\r\n"),
    (due.VALUES, b"VALUE k 1 x\r\n"),
    (due.VALUES, b"VALUE k x 1\r\nv\r\n"),
    (due.VALUES, b"VALUE k 0 1 x\r\nv\r\n"),
    (due.VALUES, b"VALUE k 0 -1\r\n"),
    (due.VALUES, b"VALUE k 0 1\r\nvv\r\nEND\r\n"),
    (due.VALUES, b"VALUE k 0 1\nv\r\n"),
    (due.VALUES, VALUE + b"STORED\r\n"),
    (due.VALUES, b"END x\r\n"),
    (due.VALUES, b"HD\r\n"),
    (due.VALUES, b"END\n"),
    (due.VALUES, b"END\r\r\n"),
    (due.VALUES, b"VALUE k 0 2000000000\r\n"),
    (due.STORED, VALUE),
    (due.STORED, b"STORED now\r\n"),
    (due.NUMBER, b"12 13\r\n"),
    (due.NUMBER, b"-1\r\n"),
    (due.STATS, b"STAT a 1\r\nRESET\r\n"),
    (due.META, b"VA x\r\n"),
    (due.META, b"VA -1\r\n"),
    (due.META, b"MN\r\n"),
    (due.META, b"STORED\r\n"),
    (due.QUIET_META, b"HD\r\nHD\r\nMN\r\n"),
    (due.QUIET_META, b"MN x\r\n"),
    (due.OKAY, b"ok\r\n"),
    (due.OKAY, b"\r\n"),
)

noise = st.lists(
    st.sampled_from([b"VALUE k 0 1", b"VA 1", b"END", b"STORED", b"HD", b"MN", b"OK"])
    | st.sampled_from([b"\r\n", b"\r\n", b"v\r\n", b"\r", b"\n", b" ", b"0", b"STAT a"])
    | st.sampled_from([b"SERVER_ERROR x", b"ERROR", b"17", b"EN", b"\0"])
    | st.binary(max_size=3),
    max_size=20,
).map(b"".join)
cuts = st.lists(st.integers(0, 200), max_size=5)


def scan(
    expects: int,
    data: bytes,
    ends: list[int] | None = None,
    kind: type[ResponseScanner] = ResponseScanner,
) -> Outcome:
    """Read responses to requests of one kind."""

    def make() -> ResponseScanner:
        scanner = kind()
        scanner.expects = expects
        return scanner

    return feed(make, data, ends)


@pytest.mark.parametrize(("expects", "data"), GOOD)
def test_a_response_ends_at_its_last_byte_however_it_is_cut(
    expects: int, data: bytes
) -> None:
    stream = data + data
    expected = ((progress.WHOLE, len(data)),) * 2
    for ends in [*in_halves(stream), list(every_byte(stream))]:
        assert scan(expects, stream, ends).found == expected


@pytest.mark.parametrize(("expects", "data"), BAD)
def test_what_is_no_response_is_refused_however_it_is_cut(
    expects: int, data: bytes
) -> None:
    whole = scan(expects, data)
    assert whole.error.startswith("ProtocolError: ")
    assert not whole.found
    for ends in [*in_halves(data), list(every_byte(data))]:
        assert scan(expects, data, ends).error.startswith("ProtocolError: ")


@settings(max_examples=400)
@given(st.sampled_from(KINDS), noise, cuts)
def test_noise_is_parsed_awaited_or_refused_and_both_runs_agree(
    expects: int, data: bytes, where: list[int]
) -> None:
    ends = [*sorted(min(cut, len(data)) for cut in where), len(data)]
    outcome = scan(expects, data, ends)
    assert outcome.error == "" or outcome.error.startswith("ProtocolError: ")
    assert outcome == scan(expects, data, ends, PlainScanner)
    assert outcome.found == scan(expects, data).found


@pytest.mark.parametrize(("expects", "data"), GOOD)
def test_what_answers_one_kind_of_request_is_doubtful_or_refused_for_others(
    expects: int, data: bytes
) -> None:
    if b"ERROR" in data:
        return
    for other in KINDS:
        scanner = ResponseScanner()
        scanner.expects = other
        try:
            status = scanner.advance(bytearray(data), 0, len(data))
        except ProtocolError:
            continue
        ambiguous = scanner.doubtful or status == progress.MORE
        shared = (
            b"NOT_FOUND",
            b"END",
            b"RESET",
            b"HD",
            b"VA",
            b"ME",
            b"MN",
            b"EN",
            b"OK",
        )
        assert other == expects or ambiguous or data.startswith(shared)


def test_a_value_that_was_not_asked_for_is_refused() -> None:
    scanner = ResponseScanner()
    scanner.expects = due.VALUES
    scanner.wanted = key_hash(bytearray(b"other"), 0, 5)
    with pytest.raises(Exception, match="not asked for"):
        scanner.advance(bytearray(VALUE), 0, len(VALUE))


def test_only_what_is_not_ours_is_shown_of_a_quiet_answer() -> None:
    for data, shown in ((b"MN\r\n", 0), (b"HD O1\r\nMN\r\n", 7)):
        scanner = ResponseScanner()
        scanner.expects = due.QUIET_META
        assert scanner.advance(bytearray(data), 0, len(data)) == progress.WHOLE
        assert (scanner.shown, scanner.length) == (shown, len(data))


def test_an_endless_line_is_refused() -> None:
    data = b"SERVER_ERROR " + b"x" * (limits.MAX_LINE_BYTES + 70_000)
    ends = list(range(65536, len(data), 65536))
    assert "line longer" in scan(due.STORED, data, [*ends, len(data)]).error
