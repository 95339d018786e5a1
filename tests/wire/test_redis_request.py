"""Requests of Redis clients: where they end, whatever they are and however cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docs.grammar import REDIS, Case
from tests.support.plain import plain
from tests.support.wire import resp
from tests.wire.feeding import Outcome, every_byte, feed, in_halves
from twemproxy import limits
from twemproxy.wire import progress
from twemproxy.wire.redis.request import RequestScanner

PlainScanner = plain("twemproxy.wire.redis.request").RequestScanner
WHOLE = (
    resp("PING"),
    resp("GET", "k"),
    resp("SET", "k", b""),
    resp("SET", "k", b"\r\n*1\r\n$4\r\nQUIT\r\n\0\xff"),
    resp("MSET", *range(40)),
    resp("RPUSH", *range(500)),
)
SHORT = [data for data in WHOLE if len(data) < 300]

arguments = st.lists(st.binary(max_size=40), min_size=1, max_size=80)
# Bytes that a scanner takes seriously, so that mistakes are near misses.
noise = st.lists(
    st.sampled_from([b"*", b"$", b"\r\n", b"\r", b"\n", b"-", b"0", b"1", b"2", b"3"])
    | st.sampled_from([b"GET", b"k", b" ", b"\0", b"+", b"*1\r\n", b"$3\r\nGET\r\n"])
    | st.binary(max_size=3),
    max_size=30,
).map(b"".join)


def scan(data: bytes, ends: list[int] | None = None) -> Outcome:
    """Read with the scanner in use."""
    return feed(RequestScanner, data, ends)


@pytest.mark.parametrize("data", WHOLE)
def test_a_request_ends_at_its_last_byte_byte_by_byte(data: bytes) -> None:
    two = data + data
    expected = ((progress.WHOLE, len(data)),) * 2
    assert scan(two, list(every_byte(two))).found == expected


@pytest.mark.parametrize("data", SHORT)
def test_a_request_ends_at_its_last_byte_wherever_it_is_cut(data: bytes) -> None:
    for ends in in_halves(data):
        assert scan(data, ends).found == ((progress.WHOLE, len(data)),)


@pytest.mark.parametrize("case", REDIS, ids=lambda case: case.title)
def test_a_case_ends_the_same_however_it_is_cut(case: Case) -> None:
    whole = scan(case.sent)
    for ends in [*in_halves(case.sent), list(every_byte(case.sent))]:
        cut = scan(case.sent, ends)
        assert (cut.error, cut.rest, cut.found) == (
            whole.error,
            whole.rest,
            whole.found,
        )


@pytest.mark.parametrize("case", REDIS, ids=lambda case: case.title)
def test_only_a_case_that_is_closed_is_an_error_of_the_scanner(case: Case) -> None:
    outcome = scan(case.sent)
    lines = any(status == progress.LINE for status, _ in outcome.found)
    assert bool(outcome.error) == (case.fate == "closed" and not lines)


@pytest.mark.parametrize("case", REDIS, ids=lambda case: case.title)
def test_both_runs_agree_on_a_case(case: Case) -> None:
    for ends in ([len(case.sent)], list(every_byte(case.sent))):
        expected = feed(PlainScanner, case.sent, ends)
        assert feed(RequestScanner, case.sent, ends) == expected


@given(st.lists(arguments, max_size=4), st.lists(st.integers(0, 4000), max_size=8))
def test_what_a_library_writes_is_found_whole(
    requests: list[list[bytes]], cuts: list[int]
) -> None:
    data = b"".join(resp(*request) for request in requests)
    ends = [*sorted(min(cut, len(data)) for cut in cuts), len(data)]
    outcome = scan(data, ends)
    assert [length for _, length in outcome.found] == [len(resp(*r)) for r in requests]
    assert not outcome.error


@settings(max_examples=400)
@given(noise, st.lists(st.integers(0, 100), max_size=4))
def test_noise_is_parsed_awaited_or_refused_and_both_runs_agree(
    data: bytes, cuts: list[int]
) -> None:
    ends = [*sorted(min(cut, len(data)) for cut in cuts), len(data)]
    outcome = scan(data, ends)
    assert outcome.error == "" or outcome.error.startswith("ProtocolError: ")
    assert outcome == feed(PlainScanner, data, ends)
    assert outcome == scan(data)


def test_a_star_in_a_line_begins_nothing() -> None:
    line = b"GET *1\r\n"
    assert scan(line, list(every_byte(line))).found == ((progress.LINE, len(line)),)


def test_leading_zeros_are_noticed() -> None:
    scanner = RequestScanner()
    data = bytearray(b"*2\r\n$03\r\nGET\r\n$1\r\nk\r\n")
    assert scanner.advance(data, 0, len(data)) == progress.WHOLE
    assert not scanner.canonical


def test_a_promise_is_told_to_the_receiver() -> None:
    scanner = RequestScanner()
    data = bytearray(b"*2\r\n$3\r\nGET\r\n$100\r\nk")
    assert scanner.advance(data, 0, len(data)) == progress.MORE
    assert scanner.need == len(resp("GET", "k" * 100))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"*11\r\n", "unauthenticated multibulk length"),
        (b"*2\r\n$4\r\nAUTH\r\n$16385\r\n", "unauthenticated bulk length"),
    ],
)
def test_a_stranger_may_send_less(data: bytes, text: str) -> None:
    def make() -> RequestScanner:
        scanner = RequestScanner()
        scanner.trusting = False
        return scanner

    assert feed(make, data).error == f"ProtocolError: {text}"
    assert not scan(data).error


@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_a_line_is_not_longer_than_its_limit(end: bytes) -> None:
    line = b"GET " + b"k" * limits.MAX_INLINE_BYTES + end
    assert scan(line).error == "ProtocolError: too big inline request"
    pieces = list(range(1000, len(line), 1000))
    assert scan(line, [*pieces, len(line)]).error


@pytest.mark.parametrize(("length", "taken"), [(512, True), (513, False)])
def test_a_line_is_not_longer_than_a_request_may_be(length: int, taken: bool) -> None:
    def make() -> RequestScanner:
        scanner = RequestScanner()
        scanner.max_bytes = 512
        return scanner

    line = b"GET " + b"k" * (length - 5) + b"\n"
    assert (not feed(make, line).error) == taken


def test_a_million_arguments_take_memory_as_they_arrive() -> None:
    scanner = RequestScanner()
    head = b"*%d\r\n" % limits.MAX_ARGUMENTS
    data = bytearray(head + b"$0\r\n\r\n" * limits.MAX_ARGUMENTS)
    for filled in range(65536, len(data), 65536):
        assert scanner.advance(data, 0, filled) == progress.MORE
    assert scanner.advance(data, 0, len(data)) == progress.WHOLE
    assert scanner.count == limits.MAX_ARGUMENTS
