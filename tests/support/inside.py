"""A pool without processes: its loop turned by hand, its peers in our hands too."""

import errno
import socket
from typing import Final, Self

from tests.support.models import pool as model
from twemproxy.config.model import PoolConfig, ServerConfig
from twemproxy.net.epoll import EpollPoller
from twemproxy.net.reactor import Reactor
from twemproxy.proxy.client import Client
from twemproxy.proxy.guard import MemoryGuard
from twemproxy.proxy.patience import Patience
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.process import Process
from twemproxy.proxy.protocols import protocol_for
from twemproxy.stats import slot
from twemproxy.stats.counters import Block

BLOCKS: Final = 3
SETTLED: Final = 3  # ticks without anything to do
SPLICED: Final = 32768  # so small a value goes through a pipe here


class Inside:
    """One Redis pool with one server, which is us."""

    def __init__(self, **settings: object) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        server = ServerConfig("s", "127.0.0.1", port, "", 1, "s")
        config: PoolConfig = model("alpha", "s")._replace(servers=(server,), **settings)  # type: ignore[arg-type] # by name
        self.slots = memoryview(bytearray(BLOCKS * slot.SLOTS * 8)).cast("q")
        self.reactor = Reactor(EpollPoller())
        self.process = Process(self.reactor, self.block(0), lambda host, found: None)
        self.process.splice_bytes = SPLICED
        self.process.guard = self.guard = MemoryGuard(self.process)
        self.patience = Patience(self.process, self.guard)
        self.pool = Pool(self.process, config, self.block(1))
        self.pool.start(protocol_for(self.pool), [self.block(2)])
        self.guard.adopt([self.pool])
        self.patience.adopt([self.pool])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in list(self.pool.clients):
            client.close(errno.EPIPE)
        self.pool.retire()
        self.turn()
        self.listener.close()

    def block(self, number: int) -> Block:
        """Counters of the process, the pool or the server."""
        return Block(self.slots, number)

    def client(self) -> socket.socket:
        """Connect a client; our end."""
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        fd = theirs.detach()
        ours.setblocking(False)
        client = Client(self.process, fd, self.pool.protocol, self.pool.counters)
        client.owner = self.pool.clients
        client.authenticated = True
        config = self.pool.config
        client.restrict(config.max_in_flight, config.max_client_output_bytes)
        self.pool.clients[client] = None
        self.process.clients += 1
        self.reactor.register(client)
        return ours

    def turn(self, ticks: int = SETTLED) -> None:
        """Turn the loop a few times; nothing sleeps."""
        for _ in range(ticks):
            self.reactor.tick(0)

    def server(self) -> socket.socket:
        """Accept the connection that the pool is making."""
        conn, _ = self.listener.accept()
        conn.setblocking(False)
        return conn


def take(sock: socket.socket) -> bytes:
    """Return what can be received now, nothing at the end or after a reset."""
    try:
        return sock.recv(1 << 20)
    except OSError:
        return b""
