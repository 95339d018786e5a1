"""What clients cost: thousands that went idle, and one that never reads."""

import os
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Final

import pytest
import redis

from tests.support.crew import wait_workers
from tests.support.fleet import Fleet
from tests.support.processes import peak_bytes, resident_bytes
from tests.support.proxy import Proxy, foreign, pool
from tests.support.waiting import wait_until
from tests.support.wire import resp
from twemproxy.limits import MAX_CLIENT_OUTPUT_BYTES

Start = Callable[..., Proxy]
MIB: Final = 1 << 20
CLIENTS: Final = 9000
DESCRIPTORS: Final = CLIENTS + 1000
# The portable poller remembers every descriptor in objects of its own.
PORTABLE: Final = os.environ.get("TWEMPROXY_POLLER") == "portable"
WORKER_BYTES: Final = (40 if PORTABLE else 25) * MIB
CLIENT_BYTES: Final = 1024
VALUE_BYTES: Final = MIB
GREED: Final = 1024  # values: a gigabyte
KEY_BYTES: Final = 32768
KEYS: Final = 2000  # in a list of them 64 MB

pytestmark = pytest.mark.skipif(foreign(), reason="about our memory")


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """As many as the test and the proxy it starts need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < DESCRIPTORS:
        pytest.fail(f"needs {DESCRIPTORS} descriptors, the hard limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, DESCRIPTORS), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def ask_once(port: int) -> socket.socket:
    """Ask for one value; the connection stays open."""
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(resp("GET", "k"))
    reply = b""
    while len(reply) < 5:
        reply += client.recv(5 - len(reply))
    assert reply == b"$-1\r\n"
    return client


@pytest.mark.usefixtures("many_descriptors")
def test_thousands_of_idle_clients_leave_the_worker_small(
    fleet: Fleet, proxy: Start
) -> None:
    running = proxy(pool(fleet.redis(1), backlog=1024), "-v", "0")
    (worker,) = wait_workers(running)
    ask_once(running.port).close()
    before = resident_bytes(worker)
    with ExitStack() as stack:
        for _ in range(CLIENTS):
            stack.enter_context(ask_once(running.port))
        after = resident_bytes(worker)
    assert after - before < CLIENTS * CLIENT_BYTES
    assert after < WORKER_BYTES


def test_a_client_that_never_reads_costs_no_more_than_its_limit(
    fleet: Fleet, proxy: Start
) -> None:
    running = proxy(pool(fleet.redis(1)))
    (worker,) = wait_workers(running)
    with running.connect() as wire:
        value = b"x" * VALUE_BYTES
        assert wire.ask(resp("SET", "k", value), b"+OK\r\n") == b"+OK\r\n"
    before = resident_bytes(worker)
    with running.connect() as glutton, running.connect() as other:
        glutton.send(resp("GET", "k") * GREED)
        wait_until(lambda: running.stats()["paused_clients"] == 1, "it to be paused")
        wait_until(lambda: running.server_stats("server1")["out_queue"] == 0, "rest")
        assert other.ask(resp("GET", "none"), b"$-1\r\n") == b"$-1\r\n"
        assert resident_bytes(worker) - before < MAX_CLIENT_OUTPUT_BYTES
    wait_until(lambda: running.stats()["buffered_bytes"] == 0, "all to be given back")


def test_the_joined_reply_of_all_servers_is_kept_once(
    fleet: Fleet, proxy: Start
) -> None:
    running = proxy(pool(fleet.redis(2)))
    (worker,) = wait_workers(running)
    with closing(redis.Redis(port=running.port)) as client:
        with client.pipeline(transaction=False) as pipeline:
            for i in range(KEYS):
                pipeline.set(f"{i:0{KEY_BYTES}}", "")
            pipeline.execute()
        before = resident_bytes(worker)
        assert len(client.keys("*")) == KEYS
        most = peak_bytes(worker) - before
    assert most < 2 * KEYS * KEY_BYTES
