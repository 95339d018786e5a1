"""Pools: which server is asked now.

The distribution places keys on the live servers alone. A server that was ejected is
readmitted by a later request, never by a timer, once its time is over.
"""

import errno
import time
from collections.abc import Sequence
from typing import Final

from twemproxy.config.model import PoolConfig
from twemproxy.hashing.distribution import Distribution
from twemproxy.log import Source
from twemproxy.net.slab import Slab
from twemproxy.proxy.client import Client
from twemproxy.proxy.process import Process
from twemproxy.proxy.protocol import Protocol
from twemproxy.proxy.server import Home, Server
from twemproxy.proxy.server_connection import ServerConnection
from twemproxy.stats import slot
from twemproxy.stats.counters import Block
from twemproxy.stats.slowlog import Tracer

log: Final = Source(__name__)

PLACEHOLDER: Final = bytearray(b"placeholder")
RETIRE_MS: Final = 20  # between two looks whether clients are left


def ring_of(config: PoolConfig) -> Distribution:
    """Return the placement of keys that a pool's configuration asks for."""
    return Distribution(*placement(config))


def placement(config: PoolConfig) -> tuple[str, str, bytes, list[bytes], list[int]]:
    """Return all that the places of keys follow from while every server is live."""
    return (
        config.distribution,
        config.hash,
        config.hash_tag,
        [server.label.encode() for server in config.servers],
        [server.weight for server in config.servers],
    )


class Pool(Home):
    """One configured pool in this worker: its servers, its ring, its clients."""

    __slots__ = ("clients", "counters", "readmit_at_ms", "retired", "ring", "servers")

    def __init__(self, process: Process, config: PoolConfig, counters: Block) -> None:
        self.process = process
        self.config = config
        self.counters = counters
        self.protocol = Protocol()
        self.servers: list[Server] = []
        self.links = {}
        self.readmit_at_ms = 0  # when the next ejected server may come back, 0: none
        self.clients: dict[Client, None] = {}  # takes half the memory of a set
        self.retired = False  # the last client has gone, the servers may go
        self.ring = ring_of(config)

    def start(self, protocol: Protocol, server_counters: Sequence[Block]) -> None:
        """Make the servers, and one connection to each if asked to."""
        self.protocol = protocol
        self.servers = [
            Server(self, config, i, server_counters[i])
            for i, config in enumerate(self.config.servers)
        ]
        self.trace()
        if self.config.preconnect:
            for server in self.servers:
                server.connection_for(None)

    def adopt(self, config: PoolConfig, server_counters: Sequence[Block]) -> None:
        """Take new settings over; servers that stay keep their connections.

        Requests under way finish where they were sent.
        """
        former = self.config
        self.config = config
        login = (config.redis_auth, config.redis_db)
        same_login = login == (former.redis_auth, former.redis_db)
        self.take_servers(server_counters, same_login)
        for conn in list(self.links):
            conn.retime(config.timeout_ms)
        moves = config.server_connections != former.server_connections or any(
            conn.retiring for conn in self.links
        )
        for client in self.clients:
            if moves:
                client.catch_up()  # elsewhere a read might overtake its own write
            client.restrict(config.max_in_flight, config.max_client_output_bytes)
            client.authenticated = client.authenticated or not config.redis_auth
        if placement(config) != placement(former):  # new points take a while to lay out
            self.ring = ring_of(config)
        self.protocol.on_servers()
        self.trace()
        self.shorten_ejections()
        self.rebuild()

    def take_servers(self, server_counters: Sequence[Block], same_login: bool) -> None:
        """Have the servers of the configuration; retire those that are not in it.

        The connections of those that stay are kept if they would begin in the same way.
        """
        former = {server.config: server for server in self.servers}
        self.servers = []
        for i, config in enumerate(self.config.servers):
            server = former.pop(config, None)
            if server is None:
                server = Server(self, config, i, server_counters[i])
            server.index = i
            server.counters = server_counters[i]
            server.limit = self.config.server_connections
            server.keep(server.limit if same_login else 0)
            self.servers.append(server)
        for server in former.values():
            server.dropped = True
            server.retire()

    def shorten_ejections(self) -> None:
        """Leave no server out for longer than the settings of now would."""
        config = self.config
        latest_ms = self.process.reactor.now_ms + config.server_retry_timeout_ms
        for server in self.servers:
            server.retry_at_ms = min(server.retry_at_ms, latest_ms)
            if server.ejected and not config.auto_eject_hosts:
                server.readmit()

    def trace(self) -> None:
        """Take slow requests down, or no longer."""
        config, tracer = self.config, None
        if config.slowlog_us:
            hashed = config.slowlog_keys == "hashed"
            tracer = Tracer(self.process.slowlog, config.name, hashed)
        self.protocol.trace(config.slowlog_us, tracer)

    def remove(self) -> None:
        """Retire, for a reload took the pool away: it ejects nobody any more.

        Another pool of its name may count where it does.
        """
        for server in self.servers:
            server.dropped = True
        self.retire()

    def retire(self) -> None:
        """Answer what every client has sent, then let it go; the servers last."""
        for client in self.clients:
            client.drain()
        self.retire_servers()

    def retire_servers(self) -> None:
        """Give the servers up once no client is left."""
        if self.clients:
            reactor = self.process.reactor
            reactor.call_at(reactor.now_ms + RETIRE_MS, self.retire_servers)
            return
        self.retired = True
        for server in self.servers:
            server.retire()

    def is_gone(self) -> bool:
        """Tell whether a pool that retires has nothing to do any more."""
        return self.retired and not self.links

    def owes(self) -> bool:
        """Tell whether clients are here, or left what gets no reply and is unsent."""
        return bool(self.clients) or any(conn.quiet for conn in self.links)

    def traffic(self) -> tuple[int, int]:
        """Count the bytes that clients sent and took, up to this moment."""
        sent = self.counters.get(slot.CLIENT_BYTES_IN)
        taken = self.counters.get(slot.CLIENT_BYTES_OUT)
        for client in self.clients:
            sent += client.bytes_in - client.counted_in
            taken += client.bytes_out - client.counted_out
        return sent, taken

    def place(self, buf: bytearray, start: int, end: int) -> int:
        """Return the index of the live server for the key buf[start:end], or -1."""
        self.readmit_due()
        return self.ring.server(buf, start, end)

    def place_nothing(self) -> int:
        """Return the index of the server for requests without a key, or -1."""
        return self.place(PLACEHOLDER, 0, len(PLACEHOLDER))

    def live_servers(self) -> list[Server]:
        """Return the servers that are not ejected, or whose time for that is over."""
        self.place_nothing()  # readmits the latter
        return [server for server in self.servers if not server.ejected]

    def client_limit(self) -> int:
        """Return how many clients the pool may have."""
        return self.config.client_connections or self.process.max_clients

    def eject(self, server: Server) -> None:
        """Take a server off the ring until its retry time."""
        now_ms = self.process.reactor.now_ms
        server.ejected = True
        server.retry_at_ms = now_ms + self.config.server_retry_timeout_ms
        server.counters.put(slot.SERVER_EJECTED_AT, time.time_ns() // 1000)
        server.counters.put(slot.EJECTED, 1)
        self.counters.add(slot.SERVER_EJECTS, 1)
        log.info(
            "update pool '%s' to delete server '%s' for next %d secs",
            self.config.name,
            server.config.address,
            self.config.server_retry_timeout_ms // 1000,
        )
        self.rebuild()

    def readmit_due(self) -> None:
        """Readmit, if the time of an ejected server is over."""
        if self.readmit_at_ms and self.process.reactor.now_ms > self.readmit_at_ms:
            self.readmit()

    def readmit(self) -> None:
        """Put the servers whose time is over back on the ring."""
        now_ms = self.process.reactor.now_ms
        count = 0
        for server in self.servers:
            if server.ejected and server.retry_at_ms <= now_ms:
                server.readmit()
                count += 1
        if count:
            log.info("update pool '%s' to add %d servers", self.config.name, count)
        self.rebuild()

    def rebuild(self) -> None:
        """Place keys on the servers that are live now."""
        self.ring.rebuild([not server.ejected for server in self.servers])
        ejected = [server.retry_at_ms for server in self.servers if server.ejected]
        self.readmit_at_ms = min(ejected, default=0)

    def connection(self, index: int, client: Client | None) -> ServerConnection | None:
        """Return a connection to server `index`; None when there is none now.

        There is none where all are ejected, which is what an `index` of -1 means.
        """
        if index < 0:
            return None
        server = self.servers[index]
        return server.connection_for(client)

    def refusal(self, index: int) -> Slab:
        """Return the error for a request that found no connection."""
        if index < 0:
            return self.protocol.error(errno.ECONNREFUSED)
        return self.protocol.error(self.servers[index].last_error)
