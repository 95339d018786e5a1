"""Too much of everything: what is kept stays bounded and nobody else waits for it."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

import pytest

from tests.adversity.conftest import Scene
from tests.support.canned import CannedServer, Line
from tests.support.dialects import Dialect
from tests.support.processes import allowance, descriptors, resident_bytes
from tests.support.proxy import Proxy, foreign, pool
from tests.support.waiting import wait_until
from tests.support.wire import Wire, resp

Build = Callable[..., Scene]
MIB: Final = 1 << 20
BIG: Final = MIB // 2
# Where nothing is compiled, or everything is checked, a tenth takes as long.
MODE: Final = os.environ.get("TWEMPROXY_MODE", "compiled")
MILLION: Final = 1_000_000 if MODE == "compiled" else 100_000
# What one client may cost: twice its documented limit, for what is on its way.
ALLOWANCE: Final = 96 * MIB
STUCK_S: Final = 0.3
IDLE: Final = 64 * 1024  # what a process keeps at hand


def push(wire: socket.socket, data: bytes, times: int) -> int:
    """Send `data` over and over until the peer has taken none for a while."""
    sent = 0
    wire.settimeout(STUCK_S)
    with contextlib.suppress(TimeoutError):
        for _ in range(times):
            wire.sendall(data)
            sent += len(data)
    return sent


def at_rest(proxy: Proxy) -> bool:
    """Whether hardly anything is buffered, and everybody is read."""
    document = proxy.stats()
    held = document["buffered_bytes"]
    return isinstance(held, int) and held <= IDLE and not document["paused_clients"]


def assert_sleeps(proxy: Proxy, most: int = 100) -> None:
    """Check that the loop turns only when there is something to do.

    It beats once a second and turns `most` times between two beats; a loop that
    spins does so many thousand times.
    """
    if foreign():
        return
    seen: list[int] = []

    def beats() -> bool:
        ticks = proxy.stats()["loop_ticks"]
        if isinstance(ticks, int) and ticks not in seen[-1:]:
            seen.append(ticks)
        return len(seen) > 2

    wait_until(beats, "two heartbeats")
    assert seen[2] - seen[1] < most


def test_a_client_that_never_reads_costs_little_and_disturbs_nobody(
    direct: Build,
) -> None:
    stage = direct()
    stage.store(stage.sick, b"x" * BIG)
    before = resident_bytes(stage.proxy.pid)
    big_reply = stage.dialect.found(stage.sick, b"x" * BIG)
    with stage.proxy.connect() as glutton, stage.proxy.connect() as b:
        glutton.send(stage.ask_sick * 1000)
        stage.assert_well(b)
        assert b.ask(stage.ask_sick, big_reply) == big_reply
        assert resident_bytes(stage.proxy.pid) - before < allowance(ALLOWANCE)
        for _ in range(100):
            assert glutton.read_exactly(len(big_reply)) == big_reply
    wait_until(lambda: at_rest(stage.proxy), "everything to be given back")
    assert_sleeps(stage.proxy)


def test_a_client_faster_than_its_frozen_server_is_no_longer_read(
    direct: Build,
) -> None:
    stage = direct()
    stage.servers[0].freeze()
    before = resident_bytes(stage.proxy.pid)
    request = stage.dialect.set(stage.sick, b"x" * BIG)
    address = ("127.0.0.1", stage.proxy.port)
    with socket.create_connection(address) as fast, stage.proxy.connect() as b:
        sent = push(fast, request, 400)
        assert sent < 200 * MIB
        assert resident_bytes(stage.proxy.pid) - before < allowance(ALLOWANCE)
        stage.assert_well(b)
        stage.servers[0].thaw()
    wait_until(lambda: at_rest(stage.proxy), "everything to be given back")
    assert_sleeps(stage.proxy)


def test_a_declared_length_is_not_believed(scene: Build) -> None:
    stage = scene()
    before = resident_bytes(stage.proxy.pid)
    promise = (
        b"*2\r\n$3\r\nGET\r\n$60000\r\n"
        if stage.dialect.redis
        else b"set k 0 0 1000000\r\n"
    )
    wires = [stage.proxy.connect() for _ in range(200)]
    for wire in wires:
        wire.send(promise)
    with stage.proxy.connect() as b:
        stage.assert_well(b)
    assert resident_bytes(stage.proxy.pid) - before < allowance(32 * MIB)
    for wire in wires:
        wire.close()


def test_a_server_that_talks_unasked_is_dropped(
    proxy: Callable[[str], Proxy], canned: Callable[..., CannedServer]
) -> None:
    endless = Line(until=b"k\r\n", send=b"+answer\r\n" + b"+stray\r\n" * 100_000)
    running = proxy(pool([canned([endless], [Line(until=b"k\r\n", send=b"+new\r\n")])]))
    with running.connect() as a:
        assert a.ask(resp("GET", "k"), b"+answer\r\n") == b"+answer\r\n"
        wait_until(
            lambda: running.server_stats("server1")["server_connections"] == 0,
            "the talker to be dropped",
        )
        assert a.ask(resp("GET", "k"), b"+new\r\n") == b"+new\r\n"


def test_clients_that_come_and_go_leave_no_descriptor_behind(scene: Build) -> None:
    stage = scene()
    wait_until(
        lambda: stage.proxy.pool_stats()["client_connections"] == 0, "no clients"
    )
    before = descriptors(stage.proxy.pid)
    for number in range(300):
        wire = stage.proxy.connect()
        wire.send(stage.ask_well)
        if number % 3 == 0:
            wire.reset()
        else:
            wire.close()
    wait_until(
        lambda: stage.proxy.pool_stats()["client_connections"] == 0, "all to be gone"
    )
    wait_until(
        lambda: descriptors(stage.proxy.pid) <= before, f"{before} descriptors again"
    )
    with stage.proxy.connect() as b:
        stage.assert_well(b)


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_slow_client_makes_no_other_client_slow(scene: Build, pieces: int) -> None:
    stage = scene()
    with stage.proxy.connect() as slow, stage.proxy.connect() as b:
        request = stage.ask_sick
        cuts = [request[i : i + pieces] for i in range(0, len(request), pieces)]
        for cut in cuts:
            slow.send(cut)
            started = time.monotonic()
            stage.assert_well(b)
            assert time.monotonic() - started < 1
        assert slow.read_expecting(stage.sick_reply) == stage.sick_reply


def test_ten_thousand_requests_in_one_write_are_all_answered(scene: Build) -> None:
    stage = scene()
    with Wire(stage.proxy.port) as a:
        a.send(stage.ask_well * 10_000)
        expected = stage.well_reply * 10_000
        assert a.read_exactly(len(expected)) == expected


def test_a_million_requests_before_the_first_reply_is_read_are_all_answered(
    dialect: Dialect, proxy: Callable[[str], Proxy], canned: Callable[..., CannedServer]
) -> None:
    running = proxy(pool([canned()], redis=dialect.redis))
    ask, reply = (
        (b"PING\r\n", b"+PONG\r\n") if dialect.redis else (b"mn\r\n", b"MN\r\n")
    )
    before = resident_bytes(running.pid)
    with socket.create_connection(("127.0.0.1", running.port)) as flood:
        sender = threading.Thread(target=flood.sendall, args=(ask * MILLION,))
        sender.start()
        sender.join(STUCK_S)
        assert resident_bytes(running.pid) - before < allowance(ALLOWANCE)
        received = 0
        while received < MILLION * len(reply):
            piece = flood.recv(MIB)
            assert piece
            offset = received % len(reply)
            right = reply * (len(piece) // len(reply) + 2)
            assert piece == right[offset : offset + len(piece)]
            received += len(piece)
        sender.join()
    wait_until(lambda: at_rest(running), "everything to be given back")
