"""Hostile clients of a memcached pool: whole, unambiguous requests or nothing."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from docs.grammar import MEMCACHE, Case
from tests.adversity.trap import MIB, Trap
from tests.support.backends import MemcachedServer, ask
from tests.support.canned import CannedServer, Line
from tests.support.proxy import Proxy, pool
from tests.support.waiting import wait_until

SENTINEL: Final = b"get sentinel\r\n"
SHORT_MS: Final = 300
Start = Callable[[str], Proxy]
Canned = Callable[..., CannedServer]

# Too long for the table: bytes, and what a server receives of them.
LONG: Final = {
    "a key of 250 bytes": (
        b"get %b\r\n" % (b"k" * 250),
        b"get %b\r\n" % (b"k" * 250),
    ),
    "a key of 64 KiB": (b"get %b\r\n" % (b"k" * 65536), b""),
    "a key of 1 MiB": (b"get %b\r\n" % (b"k" * MIB), b""),
    "64 KiB of blanks": (b"get " + b" " * 65536 + b"k\r\n", b"get k\r\n"),
    "a quit and more": (b"quit\r\n" + b"set k 0 0 1\r\nx\r\n" * 100, b""),
    "5000 zeros in front of a time": (
        b"gat %b10 k l\r\ngat -%b1 k\r\n" % (b"0" * 5000, b"0" * 5000),
        b"gat 10 k l \r\ngat -1 k\r\n",
    ),
    "nested arrays": (b"*1\r\n" * 100_000, b""),
}


@pytest.fixture(scope="module")
def memcache_trap() -> Iterator[Trap]:
    """A memcached pool whose server never answers."""
    with contextlib.closing(Trap(CannedServer(), redis=False)) as trap:
        yield trap


@pytest.fixture
def trap(memcache_trap: Trap) -> Trap:
    """Hand the trap on, all quiet."""
    return memcache_trap.begin()


@pytest.mark.parametrize("case", MEMCACHE, ids=lambda case: case.title)
def test_client_and_server_understand_the_same(trap: Trap, case: Case) -> None:
    with trap.attack(case.sent) as wire:
        if case.fate == "closed":
            assert wire.read_to_end()
            assert trap.log.count("is not the protocol") == 1
        elif case.fate == "answered":
            assert b"ERROR" in wire.read_line()
        trap.assert_only_passed(case.passed, SENTINEL)
        assert wire.closed == (case.fate == "closed")
        if case.fate == "ignored":
            assert wire.ask(b"mn\r\n", b"MN\r\n") == b"MN\r\n"
    trap.assert_unharmed()


@pytest.mark.parametrize("case", MEMCACHE, ids=lambda case: case.title)
def test_a_case_has_the_same_end_byte_by_byte(trap: Trap, case: Case) -> None:
    with trap.attack(b"") as wire:
        for at in range(len(case.sent)):
            wire.send(case.sent[at : at + 1])
        trap.assert_only_passed(case.passed, SENTINEL)


@pytest.mark.parametrize("name", LONG)
def test_length_is_no_way_around(trap: Trap, name: str) -> None:
    sent, passed = LONG[name]
    with trap.attack(sent):
        trap.assert_only_passed(passed, SENTINEL)


@pytest.mark.parametrize(
    "case", [case for case in MEMCACHE if case.passed], ids=lambda case: case.title
)
def test_what_is_passed_on_is_one_request_to_memcached(
    memcached_servers: Callable[..., list[MemcachedServer]], case: Case
) -> None:
    (server,) = memcached_servers(1)
    line = ask(server.port, case.passed + b"\r\n", b"ERROR\r\n")
    quiet = case.passed.endswith(b"mn\r\n")
    answer = line.removesuffix(b"ERROR\r\n")
    assert answer.count(b"\r\n") == 1
    assert answer.startswith(b"MN" if quiet else (b"END", b"STORED", b"NOT_", b"EN"))


def test_four_gigabytes_announced_and_silence(trap: Trap) -> None:
    wires = [trap.attack(b"set k 0 0 4294967295\r\n") for _ in range(50)]
    wires += [trap.attack(b"set k 0 0 1000000000\r\n") for _ in range(50)]
    trap.assert_only_passed(b"", SENTINEL)
    trap.assert_unharmed()
    for wire in wires:
        wire.close()


@pytest.mark.parametrize(
    "line", [b"set k 0 0 1\r\nx\r\n", b"get k l\r\n", b"incr k 1\r\n", b"mg k v\r\n"]
)
def test_lf_without_cr_at_each_token(trap: Trap, line: bytes) -> None:
    for at in range(len(line)):
        if line[at : at + 1] == b" ":
            spoiled = line[:at] + b"\n" + line[at + 1 :]
        elif line[at : at + 2] == b"\r\n":
            spoiled = line[:at] + line[at + 1 :]
        else:
            continue
        with trap.begin().attack(spoiled):
            trap.assert_only_passed(b"", SENTINEL)
    trap.assert_unharmed()


def test_a_million_nested_arrays_from_a_client(trap: Trap) -> None:
    with trap.attack(b"*1\r\n" * 1_000_000):
        trap.assert_only_passed(b"", SENTINEL)
    trap.assert_unharmed(48 * MIB)


NESTED: Final = b"*1\r\n" * 1_000_000
KEPT: Final = b"VALUE k 0 4\r\nkept\r\nEND\r\n"


def test_a_million_nested_arrays_from_a_server(proxy: Start, canned: Canned) -> None:
    nested = [Line(until=b"k\r\n", send=NESTED)]
    kept = [Line(until=b"k\r\n", send=KEPT)]
    running = proxy(pool([canned(nested, kept)], redis=False))
    with running.connect() as wire:
        refused = b"SERVER_ERROR Invalid argument\r\n"
        assert wire.ask(b"get k\r\n", refused) == refused
        assert wire.ask(b"get k\r\n", KEPT) == KEPT


@pytest.mark.parametrize(
    "reply", [b"ERROR\r\n", b"SERVER_ERROR\r\n", b"CLIENT_ERROR\r\n"]
)
def test_an_error_without_a_blank_is_an_error(
    proxy: Start, canned: Canned, reply: bytes
) -> None:
    running = proxy(pool([canned([Line(until=b"k\r\n", send=reply)])], redis=False))
    with running.connect() as wire:
        assert wire.ask(b"get k\r\n", reply) == reply


def test_a_byte_now_and_then_does_not_keep_a_client(
    proxy: Start, canned: Canned
) -> None:
    running = proxy(pool([canned()], redis=False, client_request_timeout=SHORT_MS))
    with running.connect() as slow:
        slow.send(b"set k 0 0 1000\r\n")

        def trickled() -> bool:
            slow.send(b"x")
            return slow.read_until_quiet(0.02) == b"" and slow.closed

        wait_until(trickled, "the trickle to be closed", 5)
