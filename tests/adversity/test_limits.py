"""Limits of one client and of the whole process: who reaches one, and who notices."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.adversity.trap import MIB
from tests.support.backends import MemcachedServer, RedisServer
from tests.support.canned import CannedServer
from tests.support.processes import allowance, resident_bytes
from tests.support.proxy import Proxy, pool
from tests.support.waiting import wait_until
from tests.support.wire import Wire, resp

Start = Callable[[str], Proxy]
Redis = Callable[..., list[RedisServer]]
Memcached = Callable[..., list[MemcachedServer]]
SHORT_MS = 300
BLOCK_OF_1000 = b"\r\n" + b"x" * 1000 + b"\r\n"


def seconds_to_close(wire: Wire) -> float:
    """Wait for the proxy to close a connection; how long that took."""
    started = time.monotonic()
    assert wire.read_to_end() == b""
    return time.monotonic() - started


def test_an_idle_client_is_closed_and_a_busy_one_is_not(
    proxy: Start, canned: Callable[..., CannedServer]
) -> None:
    running = proxy(pool([canned()], client_idle_timeout=SHORT_MS))
    with (
        running.connect() as idle,
        running.connect() as busy,
        running.connect() as asks,
    ):
        asks.send(resp("GET", "k"))
        while not idle.closed:
            assert idle.read_until_quiet(0.02) == b""
            assert busy.ask(b"PING\r\n", b"+PONG\r\n") == b"+PONG\r\n"
        assert asks.read_until_quiet() == b""
        assert not asks.closed
    assert running.pool_stats()["client_timedout"] == 1


@pytest.mark.parametrize("start", [b"*2\r\n$3\r\nGE", b"GET ", b"*"])
def test_an_unfinished_request_is_closed_in_time(
    proxy: Start, canned: Callable[..., CannedServer], start: bytes
) -> None:
    server = canned()
    running = proxy(pool([server], client_request_timeout=SHORT_MS))
    with running.connect() as slow, running.connect() as idle:
        slow.send(start)
        assert seconds_to_close(slow) >= SHORT_MS / 1000
        assert idle.ask(b"PING\r\n", b"+PONG\r\n") == b"+PONG\r\n"
    assert not any(server.heard)


def test_a_byte_now_and_then_does_not_keep_a_client(
    proxy: Start, canned: Callable[..., CannedServer]
) -> None:
    running = proxy(pool([canned()], client_request_timeout=SHORT_MS))
    with running.connect() as slow:
        slow.send(resp("SET", "k", b"x" * 1000)[:40])

        def trickled() -> bool:
            slow.send(b"x")
            return slow.read_until_quiet(0.02) == b"" and slow.closed

        wait_until(trickled, "the trickle to be closed", 5)


def test_a_long_request_may_take_longer(proxy: Start, redis_servers: Redis) -> None:
    running = proxy(pool(redis_servers(1), client_request_timeout=SHORT_MS))
    request = resp("SET", "k", b"x" * MIB)
    with running.connect() as steady:
        for start in range(0, len(request), 128 * 1024):
            steady.send(request[start : start + 128 * 1024])
            steady.read_until_quiet(SHORT_MS / 2000)
        assert not steady.closed


@pytest.mark.parametrize("limit", ["client_idle_timeout", "client_request_timeout"])
def test_a_slow_upload_goes_on_while_it_moves_and_not_when_it_stops(
    proxy: Start, redis_servers: Redis, limit: str
) -> None:
    settings: dict[str, object] = {limit: SHORT_MS}
    running = proxy(pool(redis_servers(1), "alpha", **settings))
    request = resp("SET", "k", b"x" * 4 * MIB)
    step = 40 * 1024
    with running.connect() as slow:
        slow.send(request[: MIB // 2])
        for start in range(MIB // 2, MIB + MIB // 2, step):
            slow.send(request[start : start + step])
            assert slow.read_until_quiet(SHORT_MS / 4000) == b""
            assert not slow.closed
        assert slow.read_to_end() == b""
    assert running.pool_stats()["client_timedout"] == 1


def test_a_stranger_must_say_the_password_in_time(
    proxy: Start, canned: Callable[..., CannedServer]
) -> None:
    running = proxy(pool([canned()], redis_auth="p", client_auth_timeout=SHORT_MS))
    with running.connect() as stranger, running.connect() as friend:
        assert friend.ask(resp("AUTH", "p"), b"+OK\r\n") == b"+OK\r\n"
        assert seconds_to_close(stranger) >= SHORT_MS / 1000
        assert friend.ask(resp("PING"), b"+PONG\r\n") == b"+PONG\r\n"


def test_a_request_is_not_longer_than_the_pool_allows(
    proxy: Start, redis_servers: Redis
) -> None:
    running = proxy(pool(redis_servers(1), max_request_bytes=1000))
    with running.connect() as wire:
        longest = resp("SET", "k", b"x" * 972)
        assert len(longest) == 1000
        assert wire.ask(longest, b"+OK\r\n") == b"+OK\r\n"
        wire.send(resp("SET", "k", b"x" * 973))
        expected = b"-ERR Protocol error: request of more than 1000 bytes\r\n"
        assert wire.read_to_end() == expected


@pytest.mark.parametrize("command", ["MGET", "DEL", "SINTER"])
def test_a_request_has_not_more_keys_than_the_pool_allows(
    proxy: Start, redis_servers: Redis, command: str
) -> None:
    running = proxy(pool(redis_servers(1), max_request_keys=3))
    with running.connect() as wire:
        expected = b"-ERR 4 keys are more than 3\r\n"
        assert wire.ask(resp(command, *"abcd"), expected) == expected
        assert not wire.ask(resp(command, *"abc"), b"").startswith(b"-")


def test_memcached_data_are_not_longer_than_the_pool_allows(
    proxy: Start, memcached_servers: Memcached
) -> None:
    (server,) = memcached_servers(1)
    running = proxy(pool([server], redis=False, max_request_bytes=1000))
    large = b"SERVER_ERROR object too large for cache\r\n"
    with running.connect() as wire:
        for line in (b"set k 0 0 %d", b"ms k %d"):
            stored = b"STORED\r\n" if line.startswith(b"set") else b"HD\r\n"
            assert wire.ask(line % 1000 + BLOCK_OF_1000, stored) == stored
            assert wire.ask(line % 1001 + b"\r\nx" + BLOCK_OF_1000[2:], large) == large
        quiet = b"set k 0 0 1001 noreply\r\nx" + BLOCK_OF_1000[2:] + b"mn\r\n"
        assert wire.ask(quiet, b"MN\r\n") == b"MN\r\n"


@pytest.mark.parametrize("command", [b"get", b"gets", b"gat 0", b"gats 0"])
def test_a_memcached_request_has_not_more_keys_than_the_pool_allows(
    proxy: Start, memcached_servers: Memcached, command: bytes
) -> None:
    running = proxy(pool(memcached_servers(2), redis=False, max_request_keys=3))
    with running.connect() as wire:
        assert wire.ask(command + b" a b c\r\n", b"END\r\n") == b"END\r\n"
        assert wire.ask(b"cas k 0 0 1 5\r\n1\r\n", b"NOT_FOUND\r\n") == b"NOT_FOUND\r\n"
        assert wire.ask(b"ms k 1 T0 F1 c\r\n1\r\n", b"\r\n").startswith(b"HD c")
        wire.send(command + b" a b c d\r\n")
        assert wire.read_to_end() == b"CLIENT_ERROR too many keys\r\n"


def test_no_more_memcached_requests_are_in_flight_than_the_pool_allows(
    proxy: Start, memcached_servers: Memcached
) -> None:
    (server,) = memcached_servers(1)
    running = proxy(pool([server], redis=False, max_in_flight=3))
    with running.connect() as wire:
        assert wire.ask(b"get k\r\n", b"END\r\n") == b"END\r\n"
        server.freeze()
        wire.send(b"mg k q\r\n" * 50 + b"get k\r\n" * 50)
        wait_until(lambda: running.server_stats("server1")["out_queue"] == 3, "three")
        server.thaw()
        assert wire.read_exactly(250) == b"END\r\n" * 50


@pytest.mark.parametrize("start", [b"get k", b"set k 0 0 5\r\nab", b"ms k 5\r\n"])
def test_an_unfinished_memcached_request_is_closed_in_time(
    proxy: Start, canned: Callable[..., CannedServer], start: bytes
) -> None:
    server = canned()
    running = proxy(pool([server], redis=False, client_request_timeout=SHORT_MS))
    with running.connect() as slow, running.connect() as idle:
        slow.send(start)
        assert seconds_to_close(slow) >= SHORT_MS / 1000
        assert idle.ask(b"mn\r\n", b"MN\r\n") == b"MN\r\n"
    assert not any(server.heard)


def test_memcached_replies_beyond_the_output_of_a_client_wait(
    proxy: Start, memcached_servers: Memcached
) -> None:
    limit = {"max_client_output_bytes": MIB}
    running = proxy(pool(memcached_servers(1), "alpha", redis=False, **limit))
    value = b"x" * (MIB // 2)
    reply = b"VALUE k 0 %d\r\n%b\r\nEND\r\n" % (len(value), value)
    with running.connect() as wire:
        request = b"set k 0 0 %d\r\n%b\r\n" % (len(value), value)
        assert wire.ask(request, b"STORED\r\n") == b"STORED\r\n"
    before = resident_bytes(running.pid)
    with socket.create_connection(("127.0.0.1", running.port)) as glutton:
        glutton.sendall(b"get k\r\n" * 100)
        assert receive(glutton, len(reply)) == reply
        assert resident_bytes(running.pid) - before < allowance(16 * MIB)
        for _ in range(99):
            assert receive(glutton, len(reply)) == reply


def test_no_more_requests_are_in_flight_than_the_pool_allows(
    proxy: Start, redis_servers: Redis
) -> None:
    (server,) = redis_servers(1)
    running = proxy(pool([server], max_in_flight=3))
    with running.connect() as wire:
        assert wire.ask(resp("GET", "k"), b"$-1\r\n") == b"$-1\r\n"
        server.freeze()
        wire.send(resp("GET", "k") * 100)
        wait_until(lambda: running.server_stats("server1")["out_queue"] == 3, "three")
        server.thaw()
        assert wire.read_exactly(500) == b"$-1\r\n" * 100


def test_clients_are_accepted_at_the_rate_of_the_pool(
    proxy: Start, canned: Callable[..., CannedServer]
) -> None:
    running = proxy(pool([canned()], client_accept_rate=10))
    with contextlib.ExitStack() as stack:
        started = time.monotonic()
        for _ in range(20):
            wire = stack.enter_context(running.connect())
            wire.send(b"PING\r\n")
        assert wire.read_exactly(7) == b"+PONG\r\n"
        assert 0.8 < time.monotonic() - started < 4


def upload(port: int, request: bytes, together: threading.Barrier) -> bytes:
    """Send half of a request when everybody does, then the rest; the reply."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        half = len(request) // 2
        sock.sendall(request[:half])
        together.wait()
        sock.sendall(request[half:])
        return receive(sock, 5)


def test_uploads_beyond_the_memory_of_a_process_come_in_one_by_one(
    proxy: Start, redis_servers: Redis
) -> None:
    running = proxy(pool(redis_servers(1), max_process_bytes=8 * MIB))
    before = resident_bytes(running.pid)
    request = resp("SET", "k", b"x" * (3 * MIB))
    clients = 12
    peak = 0
    with ThreadPoolExecutor(clients) as crowd:
        together = threading.Barrier(clients)
        replies = [
            crowd.submit(upload, running.port, request, together)
            for _ in range(clients)
        ]
        while not all(reply.done() for reply in replies):
            peak = max(peak, resident_bytes(running.pid))
        assert [reply.result() for reply in replies] == [b"+OK\r\n"] * clients
    assert peak - before < allowance(24 * MIB)
    wait_until(lambda: not running.stats()["buffered_bytes"], "all to be given back")


def test_replies_beyond_the_memory_of_a_process_wait_at_the_server(
    proxy: Start, redis_servers: Redis
) -> None:
    running = proxy(pool(redis_servers(1), max_process_bytes=8 * MIB))
    value = b"x" * MIB
    reply = b"$%d\r\n%b\r\n" % (len(value), value)
    with running.connect() as wire:
        assert wire.ask(resp("SET", "k", value), b"+OK\r\n") == b"+OK\r\n"
    before = resident_bytes(running.pid)
    with socket.create_connection(("127.0.0.1", running.port)) as glutton:
        glutton.sendall(resp("GET", "none") * 10_000)  # small: it may have many
        assert receive(glutton, 50_000) == b"$-1\r\n" * 10_000
        glutton.sendall(resp("GET", "k") * 100)
        wait_until(lambda: "are not read" in running.log, "memory to be short")
        assert resident_bytes(running.pid) - before < allowance(24 * MIB)
        for _ in range(100):
            assert receive(glutton, len(reply)) == reply
    wait_until(lambda: not running.stats()["buffered_bytes"], "all to be given back")


def receive(sock: socket.socket, count: int) -> bytes:
    """Receive so many bytes, blocking."""
    pieces = bytearray()
    while len(pieces) < count:
        piece = sock.recv(min(1 << 20, count - len(pieces)))
        assert piece
        pieces += piece
    return bytes(pieces)
