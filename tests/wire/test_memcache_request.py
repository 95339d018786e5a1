"""Requests of memcached clients: where they end, what is wrong, however cut."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docs.grammar import MEMCACHE, Case
from tests.support.plain import plain
from tests.wire.feeding import Outcome, every_byte, feed, in_halves
from twemproxy import limits
from twemproxy.wire import progress
from twemproxy.wire.memcache import fault
from twemproxy.wire.memcache.commands import COMMANDS
from twemproxy.wire.memcache.request import RequestScanner
from twemproxy.wire.memcache.rewrite import decoded, rewritten

PlainScanner = plain("twemproxy.wire.memcache.request").RequestScanner
WHOLE = (
    b"get k\r\n",
    b"gets a b c\r\n",
    b"gat 10 a b\r\n",
    b"set k 0 0 0\r\n\r\n",
    b"set k 0 0 7 noreply\r\nget k\r\n\r\n",
    b"cas k 1 -1 2 99\r\n\r\n\r\n",
    b"incr k 18446744073709551615\r\n",
    b"delete k 0\r\n",
    b"touch k 10 noreply\r\n",
    b"ms k 2 T0 F1\r\nhi\r\n",
    b"mg aw== b k v q O1\r\n",
    b"mn\r\n",
    b"flush_all 0 noreply\r\n",
    b"stats items\r\n",
    b"get " + b" ".join(b"key:%d" % i for i in range(300)) + b"\r\n",
)
SHORT = [data for data in WHOLE if len(data) < 300]

# Bytes that a scanner takes seriously, so that mistakes are near misses.
noise = st.lists(
    st.sampled_from([b"set k 0 0 2", b"get ", b"k", b" ", b"\r\n", b"\r", b"\n", b"\0"])
    | st.sampled_from(
        [b"gat ", b"ms k 2", b"mg k", b" noreply", b" b", b"hi\r\n", b"-"]
    )
    | st.sampled_from([b"0", b"1", b"007", b"9" * 20, b"+1", b"delete k", b"incr k "])
    | st.binary(max_size=3),
    max_size=30,
).map(b"".join)
word = st.binary(min_size=1, max_size=30).filter(
    lambda word: not set(word) & {0, 10, 13, 32} and word != b"noreply"
)
numbers = st.integers(0, 2**64 - 1)


def joined(outcome: Outcome) -> Outcome:
    """Put the pieces of swallowed blocks together: there is one for each cut."""
    found: list[tuple[int, int]] = []
    for status, length in outcome.found:
        if status == progress.NOTHING and found and found[-1][0] == status:
            found[-1] = (status, found[-1][1] + length)
        else:
            found.append((status, length))
    return outcome._replace(found=tuple(found))


def scan(data: bytes, ends: list[int] | None = None) -> Outcome:
    """Read with the scanner in use."""
    return joined(feed(RequestScanner, data, ends))


def whole(data: bytes | bytearray) -> RequestScanner:
    """A scanner that has just read one request."""
    scanner = RequestScanner()
    assert scanner.advance(bytearray(data), 0, len(data)) == progress.WHOLE
    return scanner


@pytest.mark.parametrize("data", WHOLE, ids=lambda data: repr(data[:30]))
def test_a_request_ends_at_its_last_byte_byte_by_byte(data: bytes) -> None:
    two = data + data
    expected = ((progress.WHOLE, len(data)),) * 2
    assert scan(two, list(every_byte(two))).found == expected
    assert whole(data).fault == fault.NONE


@pytest.mark.parametrize("data", SHORT)
def test_a_request_ends_at_its_last_byte_wherever_it_is_cut(data: bytes) -> None:
    for ends in in_halves(data):
        assert scan(data, ends).found == ((progress.WHOLE, len(data)),)


@pytest.mark.parametrize("case", MEMCACHE, ids=lambda case: case.title)
def test_a_case_ends_the_same_however_it_is_cut(case: Case) -> None:
    expected = scan(case.sent)
    for ends in [*in_halves(case.sent), list(every_byte(case.sent))]:
        assert scan(case.sent, ends) == expected


@pytest.mark.parametrize("case", MEMCACHE, ids=lambda case: case.title)
def test_only_a_case_that_is_closed_is_an_error_of_the_scanner(case: Case) -> None:
    assert bool(scan(case.sent).error) == (case.fate == "closed")


@pytest.mark.parametrize("case", MEMCACHE, ids=lambda case: case.title)
def test_both_runs_agree_on_a_case(case: Case) -> None:
    for ends in ([len(case.sent)], list(every_byte(case.sent))):
        expected = feed(PlainScanner, case.sent, ends)
        assert feed(RequestScanner, case.sent, ends) == expected


@settings(max_examples=400)
@given(noise, st.lists(st.integers(0, 100), max_size=4))
def test_noise_is_parsed_awaited_or_refused_and_both_runs_agree(
    data: bytes, cuts: list[int]
) -> None:
    ends = [*sorted(min(cut, len(data)) for cut in cuts), len(data)]
    outcome = feed(RequestScanner, data, ends)
    assert outcome.error == "" or outcome.error.startswith("ProtocolError: ")
    assert outcome == feed(PlainScanner, data, ends)
    assert joined(outcome) == scan(data)


@given(word, numbers, st.integers(-(2**63) + 2, 2**63 - 2), st.binary(max_size=40))
def test_a_line_written_anew_is_canonical_and_means_the_same(
    key: bytes, flags: int, exptime: int, value: bytes
) -> None:
    line = b"  set  %b 0%d %d 00%d  \r\n" % (key, flags, exptime, len(value))
    data = bytearray(line + value + b"\r\n")
    scanner = whole(data)
    assert not scanner.canonical
    words = scanner.words(data, 0, scanner.count)
    again = rewritten(COMMANDS[scanner.row], words) + b"\r\n" + value + b"\r\n"
    kept = (exptime + 2**31) % 2**32 - 2**31
    expected = b"set %b %d %d %d\r\n" % (key, flags % 2**32, kept, len(value))
    assert again == expected + value + b"\r\n"
    assert whole(again).canonical


NUMBERS = (b"0", b"1", b"007", b"x", b"-1", b"1x", b"4294967295", b"4294967296")
LENGTHS = (b"0", b"2", b"02", b"-1", b"2x", b"noreply", b"1048577", b"1" * 9, b"1" * 10)


@pytest.mark.parametrize("name", [b"set", b"append", b"cas"])
@pytest.mark.parametrize("length", LENGTHS)
def test_numbers_are_judged_alike_in_a_usual_line_and_in_another(
    name: bytes, length: bytes
) -> None:
    for key in (b"k", b"k" * 250, b"k" * 251):
        for flags, exptime in product(NUMBERS, NUMBERS):
            words = [name, key, flags, exptime, length]
            usual, other = RequestScanner(), RequestScanner()
            for scanner, blanks in ((usual, b" "), (other, b"  ")):
                data = bytearray(blanks.join(words) + b"\r\nhi\r\n")
                scanner.advance(data, 0, len(data))
            known = (usual.fault, usual.block, usual.quiet, usual.count)
            assert known == (other.fault, other.block, other.quiet, other.count)
            odd = exptime == NUMBERS[-2] or {b"007", b"02", NUMBERS[-1]} & {*words}
            assert usual.fault or usual.canonical != bool(odd)


@pytest.mark.parametrize(
    ("data", "expected", "quiet"),
    [
        (b"foo noreply\r\n", fault.UNKNOWN, False),
        (b"\r\n", fault.UNKNOWN, False),
        (b"\n", fault.UNKNOWN, False),
        (b"me\r\n", fault.BAD_LINE, False),
        (b"ms k\r\n", fault.BAD_LINE, False),
        (b"ms k S100\r\n", fault.BAD_LINE, False),
        (b"ms k 2" + b" c" * 16 + b"\r\nhi\r\n", fault.NONE, False),
        (b"ms k 2" + b" c" * 17 + b"\r\n", fault.TOO_MANY_FLAGS, False),
        (b"mg k" + b" c" * 40 + b"\r\n", fault.NONE, False),
        (b"set k 0 0 1 noreply\r\nab\r", fault.BAD_CHUNK, True),
        (b"set k 0 0 x noreply\r\n", fault.BAD_LINE, True),
        (b"set k 0 0 1 noreply x\r\n", fault.UNKNOWN, False),
        (b"set k 0 0 1 x\r\nv\r\n", fault.NONE, False),
        (b"set k 0 9223372036854775807 1\r\n", fault.BAD_LINE, False),
        (b"incr k noreply\r\n", fault.BAD_DELTA, True),
        (b"incr %b x\r\n" % (b"k" * 251), fault.BAD_LINE, False),
        (b"touch k x noreply\r\n", fault.BAD_EXPTIME, True),
        (b"gat x %b\r\n" % (b"k" * 251), fault.BAD_EXPTIME, False),
        (b"gat 0 a %b\r\n" % (b"k" * 251), fault.BAD_LINE, False),
        (b"delete %b x\r\n" % (b"k" * 251), fault.BAD_DELETE, False),
        (b"delete k noreply noreply\r\n", fault.BAD_DELETE, True),
        (b"delete k 0 noreply\r\n", fault.NONE, True),
        (b"delete k 00\r\n", fault.BAD_DELETE, False),
        (b"verbosity noreply\r\n", fault.NONE, True),
        (b"flush_all x noreply\r\n", fault.BAD_EXPTIME, True),
        (b"cache_memlimit x noreply\r\n", fault.NONE, True),
    ],
)
def test_a_mistake_is_the_one_that_memcached_finds(
    data: bytes, expected: int, quiet: bool
) -> None:
    scanner = whole(data)
    assert (scanner.fault, scanner.quiet) == (expected, quiet)


def test_the_block_of_a_refused_line_comes_back_in_pieces() -> None:
    scanner = whole(b"set k x 0 1000\r\n")
    assert scanner.owed == 1002
    scanner.reset()
    buf = bytearray(b"x" * 600)
    assert scanner.advance(buf, 0, 600) == progress.NOTHING
    assert (scanner.length, scanner.owed) == (600, 402)


def test_a_promise_is_told_to_the_receiver_and_costs_nothing() -> None:
    scanner = RequestScanner()
    data = bytearray(b"set k 0 0 1000000\r\nx")
    assert scanner.advance(data, 0, len(data)) == progress.MORE
    assert scanner.need == len(b"set k 0 0 1000000\r\n") + 1000002


@pytest.mark.parametrize(
    ("start", "limit"),
    [
        (b"get ", limits.MAX_MEMCACHE_LINE_BYTES),
        (b"gats 0 ", limits.MAX_MEMCACHE_LINE_BYTES),
        (b"mg ", 2048),
        (b"foo ", 2048),
        (b" ", 2048),
    ],
)
def test_a_line_is_not_longer_than_its_limit(start: bytes, limit: int) -> None:
    line = start + b" " * limit
    pieces = list(range(1000, len(line), 1000))
    for ends in ([len(line)], [*pieces, len(line)]):
        assert scan(line, ends).error == "ProtocolError: line too long"


def test_more_keys_than_allowed_are_refused() -> None:
    def make() -> RequestScanner:
        scanner = RequestScanner()
        scanner.max_keys = 4
        return scanner

    for start in (b"get", b"gets", b"gat 0", b"get  "):
        data = start + b" a b c d\r\n" + start + b" a b c d e\r\n"
        for ends in ([len(data)], [*range(1, len(data) + 1)]):
            outcome = feed(make, data, ends)
            assert outcome.found == ((progress.WHOLE, len(start) + 10),)
            assert outcome.error == "ProtocolError: too many keys"


@pytest.mark.parametrize(
    "request_",
    [
        b"set k 0 0 1\r\n1\r\n",
        b"cas k 0 0 1 5 noreply\r\n1\r\n",
        b"incr k 1 noreply\r\n",
        b"mg k v t k s f c h l\r\n",
        b"ms k 1 T0 F1 k O1 c\r\n1\r\n",
        b"stats a b c d\r\n",
    ],
)
def test_words_that_are_no_keys_are_not_counted(request_: bytes) -> None:
    def make() -> RequestScanner:
        scanner = RequestScanner()
        scanner.max_keys = 1
        return scanner

    for ends in ([len(request_)], [*range(1, len(request_) + 1)]):
        outcome = feed(make, request_, ends)
        assert outcome.found == ((progress.WHOLE, len(request_)),)
        assert not outcome.error


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (b"aw==", b"k"),
        (b"YWI=", b"ab"),
        (b"YWJj", b"abc"),
        (b"YQ==YQ==", b""),
        (b"YQ", b""),
        (b"a*==", b""),
        (b"====", b""),
    ],
)
def test_a_key_in_base64_is_decoded_or_not_base64(key: bytes, expected: bytes) -> None:
    assert decoded(key) == expected
