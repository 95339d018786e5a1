"""What is taken back from an outbox is not sent, wherever it lay."""

import socket

import pytest

from twemproxy.net.outbox import Outbox
from twemproxy.net.slab import holding

CHUNK = 16384
COPY_MAX = 1024


def sent(outbox: Outbox) -> bytes:
    """Send everything; what arrives."""
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        assert outbox.flush(near.fileno()) == 0
        assert outbox.pending == 0
        far.settimeout(10)
        near.shutdown(socket.SHUT_WR)
        heard = bytearray()
        while piece := far.recv(65536):
            heard += piece
        return bytes(heard)


def test_the_end_of_the_first_run_is_taken_back() -> None:
    outbox = Outbox()
    outbox.add(holding(b"get a\r\nget b\r\n"), 0, 7)
    outbox.retract(2)
    assert outbox.pending == 5
    outbox.add(holding(b"get b\r\n"), 3, 7)
    assert sent(outbox) == b"get a b\r\n"


def test_the_end_of_a_copied_run_is_taken_back() -> None:
    outbox = Outbox()
    outbox.add(holding(b"first "), 0, 6)
    outbox.add(holding(b"get a\r\n"), 0, 7)
    outbox.retract(2)
    outbox.add(holding(b" b\r\n"), 0, 4)
    assert sent(outbox) == b"first get a b\r\n"


@pytest.mark.parametrize("more", [b"b\r\n", b"b" * (COPY_MAX + 1)])
@pytest.mark.parametrize("left", [0, 1, 2, 3])
def test_a_run_that_is_taken_back_whole_leaves_nothing(left: int, more: bytes) -> None:
    outbox = Outbox()
    outbox.add(holding(b"first "), 0, 6)
    filling = b"x" * COPY_MAX
    full = CHUNK - left
    while full:  # up to the last bytes of a chunk
        length = min(full, COPY_MAX)
        outbox.add(holding(filling), 0, length)
        full -= length
    outbox.say(b"\r\n")
    outbox.retract(2)
    outbox.add(holding(more), 0, len(more))
    assert sent(outbox) == b"first " + b"x" * (CHUNK - left) + more
