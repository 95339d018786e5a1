"""No descriptors, too many clients, no memory: the loop rests, others are served.

A loop that spins takes all of a processor, so its ticks and its time are counted.
"""

import contextlib
import os
import shlex
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.adversity.conftest import Scene
from tests.adversity.test_floods import assert_sleeps, at_rest
from tests.support.dialects import REDIS
from tests.support.processes import (
    cpu_seconds,
    descriptors,
    family,
    few_descriptors,
    little_memory,
)
from tests.support.proxy import foreign, program
from tests.support.waiting import wait_until
from tests.support.wire import Wire, resp

pytestmark = pytest.mark.skipif(foreign(), reason="ours has these limits")

Build = Callable[..., Scene]
MIB: Final = 1 << 20
PATIENCE_S: Final = 30.0
RETRY_S: Final = 0.1  # how long a listener rests that cannot accept
TURNS: Final = 1000  # a second, for who looks again every 20 milliseconds
GLUTTONS: Final = 10  # for each four replies are under way before any is read
STALLED_S: Final = 10.0  # after which a client that takes nothing is closed


@contextlib.contextmanager
def crowd(port: int, count: int) -> Iterator[list[socket.socket]]:
    """Connect so many clients that say nothing."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            for _ in range(count)
        ]


def test_without_descriptors_the_listener_rests_and_comes_back(direct: Build) -> None:
    stage = direct()
    worker = family(stage.proxy.pid)[-1]
    with stage.proxy.connect() as b:
        stage.assert_well(b)
        with few_descriptors(worker, 2), crowd(stage.proxy.port, 50):
            wait_until(lambda: "accept on" in stage.proxy.log, "accepting to fail")
            began, spent = time.monotonic(), cpu_seconds(worker)
            failures = stage.proxy.log.count("accept on")
            while stage.proxy.log.count("accept on") < failures + 10:
                stage.assert_well(b)
            assert_sleeps(stage.proxy, TURNS)
            failures = stage.proxy.log.count("accept on") - failures
            took_s = time.monotonic() - began
            assert failures <= took_s / RETRY_S + 1
            assert cpu_seconds(worker) - spent < took_s / 2 + 0.5
        with stage.proxy.connect() as later:
            stage.assert_well(later)
        stage.assert_well(b)
    wait_until(
        lambda: stage.proxy.pool_stats()["client_connections"] == 0, "no clients"
    )


def knock(port: int, ended: threading.Event) -> None:
    """Connect and leave, over and over; every other time in a hurry."""
    linger = (1).to_bytes(4, "little") + bytes(4)
    number = 0
    while not ended.is_set():
        with contextlib.suppress(OSError), socket.socket() as sock:
            sock.settimeout(1)
            sock.connect(("127.0.0.1", port))
            number += 1
            if number % 2:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


@contextlib.contextmanager
def flood(port: int) -> Iterator[None]:
    """Let four knock as fast as they can while this lasts."""
    ended = threading.Event()
    threads = [threading.Thread(target=knock, args=(port, ended)) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("limit", [0, 5])
def test_a_flood_of_connections_stops_nobody_who_is_there(
    direct: Build, limit: int
) -> None:
    stage = direct(client_connections=limit) if limit else direct()
    with stage.proxy.connect() as b:
        stage.assert_well(b)
        before = descriptors(stage.proxy.pid)
        with flood(stage.proxy.port):
            for _ in range(30):
                stage.assert_well(b)
        wait_until(
            lambda: stage.proxy.pool_stats()["client_connections"] == 1,
            "the flood gone",
        )
        wait_until(lambda: descriptors(stage.proxy.pid) <= before, "no descriptor lost")
        assert_sleeps(stage.proxy, TURNS)
        stage.assert_well(b)


def test_a_full_pool_turns_clients_away_at_little_cost(direct: Build) -> None:
    stage = direct(client_connections=3)
    with stage.proxy.connect() as b:
        stage.assert_well(b)
        with crowd(stage.proxy.port, 200) as clients:
            wait_until(
                lambda: stage.proxy.pool_stats()["client_refused"] >= 198, "refusals"
            )
            stage.assert_well(b)
            assert clients[-1].recv(1) == b""
            assert_sleeps(stage.proxy, TURNS)
        wait_until(
            lambda: stage.proxy.pool_stats()["client_connections"] == 1, "their end"
        )
        with stage.proxy.connect() as later:
            stage.assert_well(later)


@contextlib.contextmanager
def gluttons(path: Path, request: bytes) -> Iterator[None]:
    """Ask for more than memory can bear, and read none of it.

    By way of a path, where the kernel takes only so much for who does not read.
    """
    with contextlib.ExitStack() as stack:
        for _ in range(GLUTTONS):
            sock = stack.enter_context(socket.socket(socket.AF_UNIX))
            sock.connect(str(path))
            sock.sendall(request)
        yield


def test_who_takes_nothing_at_the_cap_is_closed_and_others_go_on(
    direct: Build,
) -> None:
    stage = direct(path=True, max_process_bytes=32 * MIB)
    stage.store(stage.sick, b"x" * (MIB - 100))
    big = stage.dialect.found(stage.sick, b"x" * (MIB - 100))
    with Wire(stage.path) as b, gluttons(stage.path, stage.ask_sick * 200):
        wait_until(
            lambda: "are not read" in stage.proxy.log, "memory short", PATIENCE_S
        )
        began = time.monotonic()
        stage.assert_well(b)
        assert_sleeps(stage.proxy, TURNS)
        while "reads too little and holds" not in stage.proxy.log:
            stage.assert_well(b)
            assert time.monotonic() - began < PATIENCE_S
        assert time.monotonic() - began > STALLED_S / 2
        b.send(stage.ask_sick)  # its reply is behind those of other gluttons
        assert b.read_expecting(big, patience_s=PATIENCE_S) == big
    wait_until(lambda: at_rest(stage.proxy), "everything to be given back")


@pytest.mark.skipif(
    os.environ.get("TWEMPROXY_MODE") == "sanitized", reason="it reserves far more"
)
@pytest.mark.parametrize("dialect", [REDIS], ids=["redis"])
def test_a_message_that_the_system_has_no_memory_for_ends_its_connection_alone(
    direct: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = f"sh -c 'ulimit -v 200000; exec {shlex.join(program())} \"$@\"' sh"
    monkeypatch.setenv("TWEMPROXY_UNDER_TEST", narrow)
    stage = direct()
    worker = family(stage.proxy.pid)[-1]
    with stage.proxy.connect() as b, stage.proxy.connect() as glutton:
        stage.assert_well(b)
        with contextlib.suppress(OSError):
            glutton.send(resp("MSET", "k", b"x" * (200 * MIB), "l", "y"))
        wait_until(lambda: "Cannot allocate memory" in stage.proxy.log, "its end")
        stage.assert_well(b)
    assert family(stage.proxy.pid)[-1] == worker
    wait_until(lambda: at_rest(stage.proxy), "everything to be given back")


@pytest.mark.skipif(
    os.environ.get("TWEMPROXY_MODE") == "sanitized", reason="it reserves far more"
)
@pytest.mark.parametrize("dialect", [REDIS], ids=["redis"])
def test_a_message_that_cannot_be_copied_as_it_is_split_ends_its_connection_alone(
    direct: Build,
) -> None:
    stage = direct()
    worker = family(stage.proxy.pid)[-1]
    words: list[bytes | str] = ["MSET"]
    for i in range(100000):
        words += (f"k{i}", b"x" * 400)
    many = resp(*words)
    with stage.proxy.connect() as b:
        stage.assert_well(b)
        for room in range(24, 44, 4):
            with little_memory(worker, room * MIB), stage.proxy.connect() as glutton:
                with contextlib.suppress(OSError):
                    glutton.send(many)
                    glutton.read_line()
                stage.assert_well(b)
    assert family(stage.proxy.pid)[-1] == worker
    assert "Cannot allocate memory" in stage.proxy.log


@pytest.mark.skipif(
    os.environ.get("TWEMPROXY_MODE") == "sanitized", reason="it reserves far more"
)
@pytest.mark.parametrize("dialect", [REDIS], ids=["redis"])
@pytest.mark.parametrize(
    "request_of",
    [
        lambda long: resp("SCRIPT", "LOAD", long),
        lambda long: resp("FUNCTION", "LOAD", b'#!lua name=x\nreturn 1 "%b"' % long),
        lambda long: resp("ECHO", long),
        lambda long: (
            b"*03\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%b\r\n" % (len(long), long)
        ),
    ],
    ids=["a script", "a broken script", "an echo", "a number with a zero"],
)
def test_a_request_that_cannot_be_written_anew_fails_alone(
    direct: Build, request_of: Callable[[bytes], bytes]
) -> None:
    stage = direct()
    worker = family(stage.proxy.pid)[-1]
    request = request_of(b"--" + b"x" * (24 * MIB))
    failed = 0
    with stage.proxy.connect() as b:
        stage.assert_well(b)
        for room in range(16, 88, 8):
            with little_memory(worker, room * MIB), stage.proxy.connect() as asker:
                asker.send(request)
                failed += asker.read_line() == b"-ERR Cannot allocate memory\r\n"
                stage.assert_well(b)
    assert family(stage.proxy.pid)[-1] == worker
    assert failed
