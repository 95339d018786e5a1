"""Hostile clients of a memcached pool: whole, unambiguous requests or nothing."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from docs.grammar import MEMCACHE, Case
from tests.adversity.trap import MIB, Trap
from tests.support.backends import MemcachedServer, ask
from tests.support.canned import CannedServer

SENTINEL: Final = b"get sentinel\r\n"
STUCK_S: Final = 0.5

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


def test_a_million_requests_before_the_first_reply_is_read(trap: Trap) -> None:
    with socket.create_connection(("127.0.0.1", trap.proxy.port)) as flood:
        flood.settimeout(STUCK_S)
        with contextlib.suppress(TimeoutError):
            flood.sendall(b"mn\r\n" * 1_000_000)
        trap.assert_unharmed(48 * MIB)
