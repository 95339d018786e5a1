"""A hundred reloads while clients talk: no request fails and nobody is closed."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import pytest

from tests.support.backends import MemcachedServer, RedisServer
from tests.support.dialects import DIALECTS, Dialect
from tests.support.fleet import Fleet
from tests.support.ports import LOOPBACK, Reservation
from tests.support.proxy import Proxy, foreign, pool
from tests.support.wire import Wire

Start = Callable[..., Proxy]
Servers = Sequence[RedisServer | MemcachedServer]
RELOADS: Final = 100
LOADS: Final = 4
PATIENCE_S: Final = 60.0

pytestmark = pytest.mark.skipif(foreign(), reason="about our processes")


class Load(threading.Thread):
    """One client that writes and reads its own keys and counts what goes wrong."""

    def __init__(self, port: int, name: str, dialect: Dialect) -> None:
        super().__init__(daemon=True)
        self.port, self.name, self.dialect = port, name, dialect
        self.wrong: list[object] = []
        self.done = 0
        self.stopping = False

    def run(self) -> None:
        """Ask until told to stop; every reply has to be the right one."""
        key = self.name.encode()
        try:
            with Wire(self.port) as conn:
                while not (self.stopping or self.wrong):
                    self.ask(conn, key, b"%s.%d" % (key, self.done))
        except OSError as error:
            self.wrong.append(error)

    def ask(self, conn: Wire, key: bytes, value: bytes) -> None:
        """Write and read one value, in one go."""
        conn.send(self.dialect.set(key, value) + self.dialect.get(key))
        wanted = self.dialect.stored() + self.dialect.found(key, value)
        got = conn.read_exactly(len(wanted))
        if got != wanted:
            self.wrong.append(got)
        self.done += 1

    def finish(self) -> None:
        """Stop and wait."""
        self.stopping = True
        self.join(10)


def configuration(
    number: int, dialect: Dialect, servers: Servers, listens: Sequence[str]
) -> str:
    """The pools of one of many files: each differs from the one before in everything.

    A server of the pool that stays comes and goes. Keys move to it and back, which no
    client notices: it writes before it reads, and both arrive together.
    """
    stays = pool(
        servers[: 2 + number % 2],
        redis=dialect.redis,
        listen=listens[0],
        timeout=5000 + number,
        server_connections=1 + number % 3,
        backlog=512 + number,
        preconnect=number % 2 == 0,
        client_connections=1000 + number,
    )
    comes_and_goes = pool(
        servers[: 1 + number % 3],
        "beta",
        redis=dialect.redis,
        listen=listens[1],
        slowlog_us=1 + number % 2,
        distribution=("ketama", "modula")[number % 2],
    )
    return stays if number % 4 == 3 else stays + comes_and_goes


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("dialect", DIALECTS, ids=["redis", "memcache"])
def test_a_hundred_reloads_fail_no_request_and_close_no_client(
    fleet: Fleet, proxy: Start, dialect: Dialect, workers: str
) -> None:
    servers = fleet.speaking(dialect, 3)
    with Reservation() as extra:
        first = configuration(0, dialect, servers, ["@LISTEN@", "@LISTEN2@"])
        running = proxy(first, "--workers", workers)
        own, other = (f"{LOOPBACK}:{p}" for p in (running.port, running.port_of(2)))
        listens = ([own, other], [own, f"{LOOPBACK}:{extra.port}"])
        loads = [Load(running.port, f"load{i}", dialect) for i in range(LOADS)]
        for load in loads:
            load.start()
        begun_s = time.monotonic()
        for number in range(1, RELOADS + 1):
            text = configuration(number, dialect, servers, listens[number // 2 % 2])
            running.reload(text)
        taken_s = time.monotonic() - begun_s
        for load in loads:
            load.finish()
    assert [load.wrong for load in loads] == [[]] * LOADS
    assert all(load.done > RELOADS // 10 for load in loads)
    numbers = running.pool_stats()
    assert (numbers["forward_error"], numbers["client_err"]) == (0, 0)
    assert numbers["client_errors"] == 0
    assert taken_s < PATIENCE_S
