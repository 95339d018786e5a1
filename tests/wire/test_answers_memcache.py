"""What a memcached client is told by the proxy itself."""

import struct

import pytest

from twemproxy.wire.memcache import answers

HEADER = struct.Struct(">BBHBBHIIQ")


def test_a_binary_request_is_refused_with_its_own_opcode_and_opaque() -> None:
    begun = HEADER.pack(0x80, 0x0C, 1, 0, 0, 0, 1, 0x01020304, 0)
    reply = answers.not_spoken(begun, b"why")
    assert HEADER.unpack(reply[:24]) == (0x81, 0x0C, 0, 0, 0, 0x83, 3, 0x01020304, 0)
    assert reply[24:] == b"why"


@pytest.mark.parametrize("length", range(1, 24))
def test_half_of_a_binary_header_is_enough_to_refuse_it(length: int) -> None:
    begun = HEADER.pack(0x80, 0x0C, 1, 0, 0, 0, 1, 0x01020304, 0)[:length]
    reply = answers.not_spoken(begun, b"why")
    assert reply[:1] == b"\x81"
    assert reply[6:8] == b"\0\x83"


@pytest.mark.parametrize("begun", [b"\x16\x03\x01", b"", b"get"])
def test_anything_else_is_refused_in_text(begun: bytes) -> None:
    assert answers.not_spoken(begun, b"why") == b"CLIENT_ERROR why\r\n"
