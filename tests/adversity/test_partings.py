"""The last replies of a client that we close arrive, whatever it goes on sending.

A socket that is closed with bytes unread resets its connection, and a reset destroys
what the peer has not read yet.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

import pytest

from tests.adversity.conftest import Scene
from tests.support.canned import CannedServer
from tests.support.proxy import Proxy, foreign, pool
from tests.support.waiting import wait_until
from tests.support.wire import resp

pytestmark = pytest.mark.skipif(foreign(), reason="the C program closes at once")

Build = Callable[..., Scene]
VALUE: Final = b"x" * 65536
PIPELINE: Final = 40
MIB: Final = 1 << 20
PARTING_S: Final = 2.0  # how long a client is heard out
# What ends a connection in either protocol, and the reply to it.
REDIS_ENDS: Final = {
    "QUIT": (resp("QUIT"), b"+OK\r\n"),
    "HTTP": (
        b"POST / HTTP/1.1\r\n",
        b"-ERR Protocol error: this is HTTP, and not spoken here\r\n",
    ),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\r\n", b"-ERR Protocol error: "),
    "a bad length": (b"*1\r\n$x\r\n", b"-ERR Protocol error: invalid bulk length\r\n"),
}
MEMCACHE_ENDS: Final = {
    "QUIT": (b"quit\r\n", b""),
    "HTTP": (b"POST / HTTP/1.1\r\n", b"CLIENT_ERROR "),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\r\n", b"CLIENT_ERROR "),
    "a bad length": (b"\x80\x00\x00\x01", b"CLIENT_ERROR "),
}


def receive_to_end(sock: socket.socket, rest_s: float = 0) -> bytes:
    """Receive until the peer closes; a reset is an error. Rests before each read."""
    received = bytearray()
    while True:
        time.sleep(rest_s)  # a client that is slow to read
        piece = sock.recv(65536)
        received += piece
        if not piece:
            return bytes(received)


def narrow(port: int) -> socket.socket:
    """Connect a client whose system takes little before it is read."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    sock.settimeout(8)
    sock.connect(("127.0.0.1", port))
    return sock


def keep_sending(sock: socket.socket, ended: threading.Event) -> None:
    """Send requests until told otherwise or until nobody takes them."""
    with contextlib.suppress(OSError):
        while not ended.is_set():
            sock.sendall(b"get k\r\n" * 1000)


@pytest.mark.parametrize("end", REDIS_ENDS)
def test_requests_before_an_end_are_answered_though_more_bytes_follow(
    direct: Build, end: str
) -> None:
    stage = direct()
    stage.store(stage.sick, VALUE)
    ends = REDIS_ENDS if stage.dialect.redis else MEMCACHE_ENDS
    last, farewell = ends[end]
    expected = stage.dialect.found(stage.sick, VALUE) * PIPELINE + farewell
    with narrow(stage.proxy.port) as sock:
        sock.sendall(stage.ask_sick * PIPELINE + last)
        sock.sendall(b"more that nobody reads\r\n" * 20_000)
        received = receive_to_end(sock, 0.003)
    assert received.startswith(expected)
    assert len(received) < len(expected) + 100


def test_a_client_that_sends_on_for_ever_is_closed_in_time(direct: Build) -> None:
    stage = direct()
    ends = REDIS_ENDS if stage.dialect.redis else MEMCACHE_ENDS
    with stage.proxy.connect() as b, narrow(stage.proxy.port) as sock:
        ended = threading.Event()
        sender = threading.Thread(target=keep_sending, args=(sock, ended))
        sock.sendall(ends["QUIT"][0])
        started = time.monotonic()
        sender.start()
        assert receive_to_end(sock) == ends["QUIT"][1]
        stage.assert_well(b)
        sender.join(3 * PARTING_S)
        ended.set()
        assert PARTING_S - 0.1 < time.monotonic() - started < 2.5 * PARTING_S


def test_a_client_that_never_closes_is_closed_in_time(direct: Build) -> None:
    stage = direct()
    ends = REDIS_ENDS if stage.dialect.redis else MEMCACHE_ENDS
    with narrow(stage.proxy.port) as sock:
        wait_for_clients(stage.proxy, 1)
        sock.sendall(ends["QUIT"][0])
        assert receive_to_end(sock) == ends["QUIT"][1]
        wait_until(lambda: refuses(sock), "the close", 2.5 * PARTING_S)


@pytest.mark.parametrize(
    ("end", "counter"), [("QUIT", "client_eof"), ("a bad length", "client_err")]
)
def test_who_is_leaving_is_counted_as_closed(
    direct: Build, end: str, counter: str
) -> None:
    stage = direct()
    ends = REDIS_ENDS if stage.dialect.redis else MEMCACHE_ENDS
    wait_for_clients(stage.proxy, 0)  # who set the stage
    before = stage.proxy.pool_stats()[counter]
    connections = stage.proxy.stats()["curr_connections"]
    with narrow(stage.proxy.port) as sock:
        wait_for_clients(stage.proxy, 1)
        started = time.monotonic()
        sock.sendall(ends[end][0])
        receive_to_end(sock)
        wait_for_clients(stage.proxy, 0)
        assert time.monotonic() - started < PARTING_S / 2
        assert stage.proxy.pool_stats()[counter] == before + 1
        assert stage.proxy.stats()["curr_connections"] == connections
        wait_until(lambda: refuses(sock), "the close", 2.5 * PARTING_S)
    assert stage.proxy.pool_stats()[counter] == before + 1
    assert stage.proxy.pool_stats()["client_connections"] == 0


def test_who_is_leaving_makes_room_for_who_comes(
    proxy: Callable[[str], Proxy], canned: Callable[..., CannedServer]
) -> None:
    running = proxy(pool([canned()], client_connections=1))
    for _ in range(5):
        with contextlib.closing(running.connect()) as leaving:
            assert leaving.ask(resp("QUIT"), b"+OK\r\n") == b"+OK\r\n"
            with contextlib.closing(running.connect()) as comes:
                assert comes.ask(resp("PING"), b"+PONG\r\n") == b"+PONG\r\n"
                comes.send(resp("QUIT"))
                assert comes.read_to_end() == b"+OK\r\n"
    assert running.pool_stats()["client_refused"] == 0


def refuses(sock: socket.socket) -> bool:
    """Tell whether the peer takes no more bytes, because it has closed."""
    try:
        sock.sendall(b"x")
    except OSError:
        return True
    return False


def wait_for_clients(running: Proxy, count: int) -> None:
    """Wait until so many clients are connected."""
    wait_until(
        lambda: running.pool_stats()["client_connections"] == count, f"{count} clients"
    )
