"""Clients that mean harm: nothing they send reaches a server but whole requests."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from docs.grammar import REDIS, Case
from tests.adversity.trap import MIB, Trap
from tests.support.canned import CannedServer, Line, Script
from tests.support.proxy import Proxy, pool
from tests.support.wire import resp

Canned = Callable[..., CannedServer]
READ_BYTES: Final = 65536  # the first read of a request takes no more
Start = Callable[[str], Proxy]
Answering = Callable[..., Trap]
ECHO: Final = Line(until=b"k\r\n", send=b"$4\r\nkept\r\n")


@pytest.fixture(scope="module")
def redis_trap() -> Iterator[Trap]:
    """A Redis pool whose server never answers."""
    with contextlib.closing(Trap(CannedServer())) as trap:
        yield trap


@pytest.fixture
def trap(redis_trap: Trap) -> Trap:
    """Hand the trap on, all quiet."""
    return redis_trap.begin()


@pytest.fixture
def answering() -> Iterator[Callable[..., Trap]]:
    """`answering(*scripts)`: a trap of its own with a server that does answer."""
    with contextlib.ExitStack() as stack:

        def start(*scripts: Script, **settings: object) -> Trap:
            trap = Trap(CannedServer(scripts), **settings)
            return stack.enter_context(contextlib.closing(trap))

        yield start


@pytest.mark.parametrize("case", REDIS, ids=lambda case: case.title)
def test_client_and_server_understand_the_same(trap: Trap, case: Case) -> None:
    with trap.attack(case.sent) as wire:
        if case.fate == "closed":
            answer = wire.read_to_end()
            assert answer.startswith(b"-ERR Protocol error: ")
            assert answer.count(b"\r\n") == 1
            assert trap.log.count("is not the protocol") == 1
        elif case.fate == "answered":
            assert wire.read_line().startswith(b"-ERR ")
        trap.assert_only_passed(case.passed)
        assert wire.closed == (case.fate == "closed")
    trap.assert_unharmed()


@pytest.mark.parametrize("case", REDIS, ids=lambda case: case.title)
def test_a_case_has_the_same_end_byte_by_byte(trap: Trap, case: Case) -> None:
    with trap.attack(b"") as wire:
        for at in range(len(case.sent)):
            wire.send(case.sent[at : at + 1])
        if case.fate == "closed":
            assert wire.read_to_end().startswith(b"-ERR Protocol error: ")
        trap.assert_only_passed(case.passed)


def test_sixty_four_kilobytes_of_blanks_and_a_key(trap: Trap) -> None:
    with trap.attack(b"get " + b" " * 65536 + b"k\r\n") as wire:
        assert wire.read_to_end() == b"-ERR Protocol error: too big inline request\r\n"
    trap.assert_only_passed(b"")
    trap.assert_unharmed()


def test_a_number_of_5000_digits_is_no_client(trap: Trap) -> None:
    with trap.attack(resp("CLIENT", "LIST", "ID", "1" * 5000)) as wire:
        assert wire.read_line() == b"-ERR Invalid client ID\r\n"
    trap.assert_unharmed()


def test_a_status_of_5000_digits_is_no_number(answering: Answering) -> None:
    trap = answering([Line(until=b"DBSIZE\r\n", send=b"+%b\r\n" % (b"1" * 5000))])
    with trap.attack(resp("DBSIZE")) as wire:
        assert b"something else than was asked" in wire.read_line()
    trap.assert_unharmed()


def test_two_billion_arguments_are_refused_before_they_arrive(trap: Trap) -> None:
    with trap.attack(b"*2000000000\r\n") as wire:
        assert b"invalid multibulk length" in wire.read_to_end()
    trap.assert_only_passed(b"")


def test_promises_of_half_a_gigabyte_cost_nothing(trap: Trap) -> None:
    wires = [
        trap.attack(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n") for _ in range(50)
    ]
    trap.assert_only_passed(b"")
    trap.assert_unharmed()
    for wire in wires:
        wire.close()


def test_a_million_nested_arrays_from_a_client(trap: Trap) -> None:
    with trap.attack(b"*1\r\n" * 1_000_000) as wire:
        assert wire.read_line() == b"-ERR Protocol error: expected '$', got '*'\r\n"
    trap.assert_only_passed(b"")
    trap.assert_unharmed()


def test_a_million_nested_arrays_from_a_server(answering: Answering) -> None:
    deep = Line(until=b"k\r\n", send=b"*1\r\n" * 1_000_000)
    trap = answering([deep], [ECHO])
    with trap.attack(resp("GET", "k")) as wire:
        assert wire.read_line() == b"-ERR Invalid argument\r\n"
        assert wire.ask(resp("GET", "k"), b"$4\r\nkept\r\n") == b"$4\r\nkept\r\n"
    trap.assert_unharmed()


def test_a_quit_ends_the_pipeline_it_is_in(trap: Trap) -> None:
    with trap.attack(resp("QUIT") + resp("SET", "k", "v") * 1000) as wire:
        assert wire.read_to_end() == b"+OK\r\n"
    trap.assert_only_passed(b"")


def test_a_get_with_a_blank_and_no_key(trap: Trap) -> None:
    with trap.attack(b"get \r\nget\r\n") as wire:
        expected = b"-ERR wrong number of arguments for 'get' command\r\n" * 2
        assert wire.read_expecting(expected) == expected
    trap.assert_only_passed(b"")


def test_an_mset_with_an_odd_number(trap: Trap) -> None:
    with trap.attack(resp("MSET", "a", 1, "b") + resp("MSET", "a")) as wire:
        expected = b"-ERR wrong number of arguments for 'mset' command\r\n" * 2
        assert wire.read_expecting(expected) == expected
    trap.assert_only_passed(b"")


def test_an_mset_with_a_server_down(proxy: Start, canned: Canned) -> None:
    up, down = canned([Line(until=b"\r\n", send=b"+OK\r\n")]), canned()
    down.close()
    running = proxy(pool([up, down], distribution="modula"))
    with running.connect() as wire:
        wire.send(resp("MSET", *range(40)) + resp("PING"))
        expected = b"-ERR Connection refused\r\n+PONG\r\n"
        assert wire.read_expecting(expected) == expected


@pytest.mark.parametrize("length", [0, 250, 251, 65536])
@pytest.mark.parametrize("command", ["GET", "MGET"])
def test_a_long_key_is_passed_on(trap: Trap, length: int, command: str) -> None:
    request = resp(command, b"k" * length)
    with trap.attack(request):
        passed = request if command == "GET" else resp("mget", b"k" * length)
        trap.assert_only_passed(passed)


@pytest.mark.parametrize("length", [65537, MIB])
@pytest.mark.parametrize(
    "words", [["GET"], ["MGET", "a"], ["MSET", "a", "1"], ["EVAL", "", 1]]
)
def test_a_longer_key_is_refused(trap: Trap, length: int, words: list[object]) -> None:
    tail = ["v"] if words[0] == "MSET" else []
    with trap.attack(resp(*map(str, words), b"k" * length, *tail)) as wire:
        text = b"-ERR key of %d bytes is longer than 65536\r\n" % length
        assert wire.read_line() == text
    trap.assert_only_passed(b"")


def test_arguments_go_on_where_the_last_large_request_ended(trap: Trap) -> None:
    members = ["m" * 18] * 4000
    request = resp("SADD", "k", *members)
    edge = len(request) % 25 + 25 * (READ_BYTES // 25 + 1)  # an argument ends here
    large = resp("SET", "k", "x" * (edge - 30))
    assert len(large) == edge
    for _ in range(10):
        for data in (large, request):
            with trap.begin().attack(data):
                trap.assert_only_passed(data)
    trap.assert_unharmed()


@pytest.mark.parametrize("reply", [b"-ERR\r\n", b"-\r\n", b"+\r\n"])
def test_an_error_without_a_blank_is_an_error(
    proxy: Start, canned: Canned, reply: bytes
) -> None:
    running = proxy(pool([canned([Line(until=b"k\r\n", send=reply)] * 2)]))
    with running.connect() as wire:
        assert wire.ask(resp("GET", "k"), reply) == reply
        if reply.startswith(b"-"):
            assert wire.ask(resp("MGET", "a", "k"), reply) == reply


REPLY: Final = b"*3\r\n$1\r\na\r\n:1\r\n-ERR\r\n"


def test_a_reply_cut_at_each_byte_by_a_reset(answering: Answering) -> None:
    scripts = [
        [
            Line(until=b"k\r\n", send=REPLY[:cut], delay_ms=0),
            Line(delay_ms=5, reset=True),
        ]
        for cut in range(1, len(REPLY))
    ]
    trap = answering(*scripts, [Line(until=b"k\r\n", send=REPLY)])
    with trap.attack(b"") as wire:
        for _ in scripts:
            answer = wire.ask(resp("GET", "k"), b"-ERR Connection reset by peer\r\n")
            assert answer == b"-ERR Connection reset by peer\r\n"
        assert wire.ask(resp("GET", "k"), REPLY) == REPLY
    trap.assert_unharmed()
