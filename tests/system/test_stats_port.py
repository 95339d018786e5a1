"""The stats port against readers of all sorts."""

import json
import signal
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.support.crew import pool
from tests.support.processes import sockets_of
from tests.support.proxy import Proxy
from tests.support.waiting import wait_until
from tests.support.wire import Wire
from twemproxy.limits import MAX_STATS_READERS


@pytest.fixture
def running(supervised: Callable[..., Proxy]) -> Proxy:
    """A proxy of two pools."""
    both = pool("alpha", "@LISTEN@") + pool("be", "@LISTEN2@", "redis: true")
    return supervised(both, "--workers", "2")


def test_the_document_has_pools_in_order(running: Proxy) -> None:
    stats = running.stats()
    assert stats["service"] == "nutcracker"
    assert stats["version"] == "0.5.0"
    assert [key for key, value in stats.items() if isinstance(value, dict)] == [
        "be",
        "alpha",
    ]


def test_an_http_request_is_no_reason_for_a_reset(running: Proxy) -> None:
    with Wire(running.stats_port) as reader:
        reader.send(b"GET / HTTP/1.0\r\n\r\n" + b"x" * 10000)
        assert json.loads(reader.read_to_end())["service"] == "nutcracker"


def test_silent_readers_do_not_keep_others_waiting(running: Proxy) -> None:
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(Wire(running.stats_port))
        assert running.stats()["service"] == "nutcracker"


def test_readers_that_come_together_are_no_more_than_may_be(running: Proxy) -> None:
    before = sockets_of(running.pid)
    with ExitStack() as stack:
        running.signal(signal.SIGSTOP)
        for _ in range(100):
            last = stack.enter_context(Wire(running.stats_port))
        running.signal(signal.SIGCONT)
        assert json.loads(last.read_to_end())["service"] == "nutcracker"
        wait_until(
            lambda: sockets_of(running.pid) <= before + MAX_STATS_READERS,
            "the oldest to be cut",
            patience_s=2,
        )


def test_a_reader_that_floods_is_cut_off(running: Proxy) -> None:
    with Wire(running.stats_port) as reader:
        for _ in range(64):
            reader.send(b"x" * 65536)
        reader.read_to_end()
    assert running.stats()["service"] == "nutcracker"


def test_readers_that_leave_at_once_are_no_mistake_of_ours(running: Proxy) -> None:
    for _ in range(50):
        Wire(running.stats_port).close()
    assert running.stats()["service"] == "nutcracker"
    assert "Exception in callback" not in running.log
