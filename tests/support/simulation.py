"""One pool in this process, its peers at the far ends of socket pairs, its time ours.

Nothing here listens or connects: a client is admitted with one end of a pair, and a
server connection that is dialled gets another. The clock stands still until told.
"""

import contextlib
import errno
import gc
import socket
from array import array
from collections.abc import Callable, Iterator
from typing import Final
from unittest import mock

from tests.support.models import pool
from twemproxy import log
from twemproxy.config.model import PoolConfig
from twemproxy.net import dial
from twemproxy.net.epoll import EpollPoller
from twemproxy.net.ledger import held_bytes
from twemproxy.net.outbox import drop_spare
from twemproxy.net.reactor import Reactor
from twemproxy.proxy import link
from twemproxy.proxy.guard import MemoryGuard
from twemproxy.proxy.listener import Listener
from twemproxy.proxy.memcache import MemcacheProtocol
from twemproxy.proxy.patience import Patience
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.process import Process
from twemproxy.proxy.redis import RedisProtocol
from twemproxy.stats import slot
from twemproxy.stats.counters import Block

MAX_BLOCKS: Final = 8
START_US: Final = 1_000_000_000
Found = Callable[[list[str]], None]


def quieten() -> None:
    """Log errors only."""
    log.set_level(log.ERROR)


class Clockwork(Reactor):
    """A loop whose clock is set by hand."""

    def __init__(self) -> None:
        self.time_us = START_US
        super().__init__(EpollPoller())

    def read_clock(self) -> None:
        """Take our time."""
        self.now_us = self.time_us
        self.now_ms = self.time_us // 1000


class Far:
    """The far end of a connection; `heard` is what came and is not yet taken."""

    def __init__(self, sock: socket.socket, host: str, port: int) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.host = host
        self.port = port
        self.heard = bytearray()
        self.ended = False  # the proxy has closed
        self.open = True  # we have not

    def say(self, data: bytes) -> int:
        """Send what fits; how much that was."""
        if not self.open or not data:
            return 0
        try:
            return self.sock.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self.ended = True
            return len(data)

    def listen(self) -> bytearray:
        """Take in everything that has arrived."""
        while self.open and not self.ended:
            try:
                piece = self.sock.recv(65536)
            except BlockingIOError:
                break
            except OSError:
                piece = b""
            self.heard += piece
            self.ended = not piece
        return self.heard

    def close(self) -> None:
        """Close; what was not read makes it a reset."""
        self.open = False
        self.sock.close()


class Simulation:
    """A pool of servers `s0`, `s1` … on ports 0, 1 … of hosts that nobody looks for.

    `baseline` are the bytes held before, if that is `measured`.
    `refused` are the ports, or hosts, that refuse at once; `failing` those that do so
    after a while; names in `names` have these addresses.
    """

    def __init__(self, servers: int, **settings: object) -> None:
        if settings.pop("measured", True):
            drop_spare()
            gc.collect()
        self.baseline = held_bytes()
        self.blocks = memoryview(array("q", bytes(8 * slot.SLOTS * MAX_BLOCKS)))
        self.reactor = Clockwork()
        self.names: dict[str, list[str]] = {}
        self.asked: list[tuple[str, Found]] = []
        self.admitted: list[Far] = []
        self.dialled: list[Far] = []
        self.attempts: list[tuple[str, int]] = []
        self.refused: set[int | str] = set()
        self.failing: set[int | str] = set()
        self.silent: set[int | str] = set()
        self.process = Process(self.reactor, self.block(0), self.resolve)
        self.pool = Pool(self.process, self.config(servers, settings), self.block(1))
        rows = [self.block(2 + i) for i in range(servers)]
        speaks = RedisProtocol if self.pool.config.redis else MemcacheProtocol
        self.pool.start(speaks(self.pool), rows)
        self.listener = Listener(self.process, self.pool, -1)

    def watch(self) -> Patience:
        """Look after memory and time as a worker does."""
        self.process.guard = guard = MemoryGuard(self.process)
        guard.adopt([self.pool])
        patience = Patience(self.process, guard)
        patience.adopt([self.pool])
        return patience

    def config(self, servers: int, settings: dict[str, object]) -> PoolConfig:
        """Describe the pool."""
        host = str(settings.pop("host", "127.0.0.1"))
        model = pool("simulated", *(f"s{i}" for i in range(servers)))
        rows = [row._replace(host=host, port=i) for i, row in enumerate(model.servers)]
        return model._replace(servers=tuple(rows))._replace(**settings)  # type: ignore[arg-type] # fields by name

    def block(self, number: int) -> Block:
        """Show the counters of the process, the pool or a server."""
        return Block(self.blocks, number)

    def count(self, number: int) -> int:
        """Read a counter of the pool."""
        return self.block(1).get(number)

    # What happens outside.

    def resolve(self, host: str, found: Found) -> None:
        """Answer from `names`; who asks for another name waits in `asked`."""
        self.asked.append((host, found))
        if host in self.names:
            found(self.names[host])

    def dial_tcp(self, host: str, port: int) -> tuple[int, int]:
        """Connect to a far end of ours, or fail."""
        self.attempts.append((host, port))
        if self.refused & {host, port}:
            return -1, errno.ECONNREFUSED
        near, far = socket.socketpair()
        near.setblocking(False)
        if self.silent & {host, port}:
            fill(near)
        self.dialled.append(Far(far, host, port))
        return near.detach(), errno.EINPROGRESS

    def connect_error(self, fd: int) -> int:
        """Tell how connecting went."""
        (conn,) = [conn for conn in self.pool.links if conn.fd == fd]
        at = self.attempts[-1][0] if conn.addresses is None else conn.addresses.tried
        return errno.ECONNREFUSED if at in self.failing else 0

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Be the network while this lasts, and close everything at its end."""
        with (
            mock.patch.object(link, "dial_tcp", self.dial_tcp),
            mock.patch.object(link, "connect_error", self.connect_error),
            mock.patch.object(dial, "dial_tcp", self.dial_tcp),
        ):
            try:
                yield
            finally:
                self.close()

    def client(self) -> Far:
        """Let a client come in."""
        near, far = socket.socketpair()
        near.setblocking(False)
        self.listener.admit(near.detach())
        client = Far(far, "client", 0)
        self.admitted.append(client)
        return client

    def tick(self, times: int = 1) -> None:
        """Let the loop turn."""
        for _ in range(times):
            self.reactor.tick(0)

    def pass_time(self, time_ms: int) -> None:
        """Let time go by and the loop notice."""
        self.reactor.time_us += 1000 * time_ms
        self.tick()

    def close(self) -> None:
        """End everything."""
        for far in self.admitted + self.dialled:
            far.listen()
            far.close()
        self.tick(5)


def fill(sock: socket.socket) -> None:
    """Make a socket that is not writable, as while connecting."""
    with contextlib.suppress(BlockingIOError):
        while True:
            sock.send(bytes(65536))
