"""Hostile clients of a memcached pool: whole, unambiguous requests or nothing."""

import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import pytest

from tests.adversity.trap import MIB, Trap
from tests.support.canned import CannedServer
from tests.support.wire import resp

SENTINEL: Final = b"get sentinel\r\n"
STUCK_S: Final = 0.5

# Bytes, what a server receives of them, and how the client is left.
CASES: Final = {
    "a well-formed request": (b"get k\r\n", b"get k\r\n", False),
    "LF without CR": (b"get k\nget l\r\n", b"", False),
    "LF without CR after the data": (b"set k 0 0 1\r\nx\n\r\n", b"", False),
    "CR CR LF": (b"get k\r\r\n", b"", False),
    "a get with a blank and no key": (b"get \r\n", b"", False),
    "zero byte in a key": (b"get a\0b\r\n", b"", False),
    "a length with a plus": (b"set k 0 0 +1\r\nx\r\n", b"", None),
    "a negative length": (b"set k 0 0 -1\r\n", b"", None),
    "a length beyond 32 bits": (b"set k 0 0 4294967297\r\nx\r\n", b"", None),
    "a length that is too short": (b"set k 0 0 1\r\nxy\r\n", b"", None),
    "commands in a refused block": (b"set k x 0 7\r\nget l\r\n\r\n", b"", None),
    "redis": (resp("SET", "k", "v"), b"", None),
    "a browser": (b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", b"", True),
    "a browser's GET": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"", None),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"", True),
    "the binary protocol": (b"\x80\x00\x00\x01\x00\x00\x00\x00", b"", True),
    "a key of 250 bytes": (
        b"get %b\r\n" % (b"k" * 250),
        b"get %b\r\n" % (b"k" * 250),
        None,
    ),
    "a key of 251 bytes": (b"get %b\r\n" % (b"k" * 251), b"", None),
    "a key of 64 KiB": (b"get %b\r\n" % (b"k" * 65536), b"", None),
    "a key of 1 MiB": (b"get %b\r\n" % (b"k" * MIB), b"", None),
    "64 KiB of blanks": (b"get " + b" " * 65536 + b"k\r\n", b"get k\r\n", None),
    "a quit and more": (b"quit\r\n" + b"set k 0 0 1\r\nx\r\n" * 100, b"", True),
    "nested arrays": (b"*1\r\n" * 100_000, b"", None),
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


@pytest.mark.parametrize("case", CASES)
def test_client_and_server_understand_the_same(trap: Trap, case: str) -> None:
    sent, passed, closed = CASES[case]
    with trap.attack(sent) as wire:
        if closed:
            wire.read_to_end()
        trap.assert_only_passed(passed, SENTINEL)
        assert closed is None or wire.closed == closed


@pytest.mark.parametrize(
    "case", [name for name, row in CASES.items() if len(row[0]) < 999]
)
def test_a_case_has_the_same_end_byte_by_byte(trap: Trap, case: str) -> None:
    sent, passed, _ = CASES[case]
    with trap.attack(b"") as wire:
        for at in range(len(sent)):
            wire.send(sent[at : at + 1])
        trap.assert_only_passed(passed, SENTINEL)


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
