"""Pools: which server is asked now, over which connection.

A server is *live* or *ejected*. Failures in a row eject it where the pool says
so; a later request, never a timer, readmits it once its time is over. Between the
two, the distribution places keys on the live servers alone.
"""

import errno
import time
from collections.abc import Sequence
from typing import Final

from twemproxy import limits
from twemproxy.config.model import PoolConfig, ServerConfig
from twemproxy.hashing.distribution import Distribution
from twemproxy.log import Source
from twemproxy.net.dial import numeric_family
from twemproxy.net.slab import Slab
from twemproxy.proxy import reason
from twemproxy.proxy.client import Client
from twemproxy.proxy.process import Process
from twemproxy.proxy.protocol import Protocol
from twemproxy.proxy.server import Owner, ServerConnection
from twemproxy.stats import slot
from twemproxy.stats.counters import Block
from twemproxy.stats.slowlog import Tracer

log: Final = Source(__name__)

PLACEHOLDER: Final = bytearray(b"placeholder")
CALM_FAILURES: Final = 5  # so many failed connects in a row go undamped
FIRST_PAUSE_MS: Final = 20
MAX_PAUSE_MS: Final = 2000
RETIRE_MS: Final = 20  # between two looks whether clients are left
NAME_LIFETIME_MS: Final = limits.NAME_LIFETIME_MS
AVERAGED: Final = 6  # a shift: about the last 64 waits


class Server(Owner):
    """One backend of a pool and its connections.

    Always true: `conns` are the open ones, at most `server_connections`, and
    `newer` as many again that speak RESP3; `ejected` servers are not on the ring.
    """

    __slots__ = (
        "aside",
        "config",
        "conns",
        "counters",
        "dropped",
        "ejected",
        "failures",
        "following",
        "index",
        "last_error",
        "limit",
        "named",
        "newer",
        "pool",
        "refused",
        "retry_at_ms",
        "turn",
        "wait_until_ms",
        "waits_us",
    )

    def __init__(
        self, pool: "Pool", config: ServerConfig, index: int, counters: Block
    ) -> None:
        self.pool = pool
        self.config = config
        self.index = index
        self.counters = counters
        self.limit = pool.config.server_connections
        self.conns: list[ServerConnection] = []
        self.newer: list[ServerConnection] = []
        self.aside: dict[bool, ServerConnection] = {}
        self.named = not config.path and not numeric_family(config.host)
        self.following = False  # a timer will ask for the addresses again
        self.turn = 0
        self.failures = 0  # in a row, toward ejection
        self.ejected = False
        counters.put(slot.EJECTED, 0)  # a former server of this name may have been
        self.dropped = False  # a reload took it away
        self.retry_at_ms = 0  # when an ejected server may be tried again
        self.refused = 0  # connections in a row that never became usable
        self.wait_until_ms = 0  # no connect before, when too many were refused
        self.last_error = 0
        self.waits_us = 0  # the sum of the last waits for a response, about

    def pick(self, client: Client | None) -> ServerConnection | None:
        """Return the connection for the next request; None if we hold off without one.

        Connections take turns, but a client stays on its own while anything of
        it is under way, so that it reads what it wrote, unless that one retires.
        """
        newer = client is not None and client.resp3
        conns = self.newer if newer else self.conns
        if self.limit == 1:
            return conns[0] if conns else self.open(newer)
        if client is not None and client.sticky is not None:
            kept = client.sticky.get(self)
            if isinstance(kept, ServerConnection) and kept.is_for_more():
                return kept
        conn = self.open(newer) if len(conns) < self.limit else None
        if conn is None and conns:
            self.turn = (self.turn + 1) % len(conns)
            conn = conns[self.turn]
        if client is not None and conn is not None:
            if client.sticky is None:
                client.sticky = {}
            client.sticky[self] = conn
        return conn

    def open(self, newer: bool) -> ServerConnection | None:
        """Open one more connection unless the last attempts say to wait."""
        pool = self.pool
        if self.wait_until_ms > pool.process.reactor.now_ms:
            return None
        conn = ServerConnection(pool.process, self, pool.protocol, self.counters)
        conn.timeout_ms = pool.config.timeout_ms
        conn.address = self.config.address
        conn.resp3 = newer
        pool.links[conn] = None
        (self.newer if newer else self.conns).append(conn)
        pool.protocol.greet(conn)
        conn.dial(self.config.host, self.config.port, self.config.path)
        if self.named:
            self.follow_later()
        return conn

    def open_aside(self, newer: bool) -> ServerConnection | None:
        """Return a connection for what cannot wait behind others' requests.

        It is in no list, so nobody else uses it; whoever asks retires it behind
        the request, and those who come before it has closed share it.
        """
        conn = self.aside.get(newer)
        if conn is not None and conn.state != reason.CLOSED:
            return conn
        conn = self.open(newer)
        if conn is not None:
            (self.newer if newer else self.conns).remove(conn)
            self.aside[newer] = conn
        return conn

    def follow_later(self) -> None:
        """Ask for the addresses of a name again when their lifetime ends."""
        if not self.following:
            self.following = True
            reactor = self.pool.process.reactor
            reactor.call_at(reactor.now_ms + NAME_LIFETIME_MS, self.follow)

    def follow(self) -> None:
        """Ask again while anything is connected there."""
        self.following = False
        if self.conns or self.newer:
            self.follow_later()
            self.pool.process.resolve(self.config.host, self.on_moved)

    def on_moved(self, addresses: list[str]) -> None:
        """Leave the addresses that a name no longer has, owing nothing.

        Who has not reached one has asked nothing there, and goes on with the others.
        A name that cannot be resolved now is no reason to leave a server that answers.
        """
        if not addresses:
            return
        for conn in self.conns + self.newer:
            at = "" if conn.addresses is None else conn.addresses.tried
            if at in addresses:
                continue
            if conn.state != reason.READY:
                conn.move(addresses)
            else:
                log.notice("s %d '%s' has moved", conn.fd, conn.address)
                (self.newer if conn.resp3 else self.conns).remove(conn)
                conn.retire()

    def keep(self, limit: int) -> None:
        """Give up all connections but so many, as soon as they owe nothing."""
        surplus = self.conns[limit:] + self.newer[limit:]
        self.conns = self.conns[:limit]
        self.newer = self.newer[:limit]
        for conn in surplus:
            conn.retire()

    def retire(self) -> None:
        """Give every connection up."""
        self.keep(0)

    def on_answer(self, taken_us: int) -> int:
        """Forget the failures; learn how long an answer usually takes, and say so."""
        self.failures = 0
        self.waits_us += taken_us - (self.waits_us >> AVERAGED)
        return self.waits_us >> AVERAGED

    def on_trouble(self) -> None:
        """The server said that it cannot work now: that counts as a failure."""
        self.counters.add(slot.SERVER_ERR, 1)
        self.count_failure()

    def on_closed(self, conn: ServerConnection, error: int) -> None:
        """Forget a closed connection; every close counts as a failure.

        But not that of one which retires from an address that a name may have lost.
        """
        self.pool.links.pop(conn, None)
        conns = self.newer if conn.resp3 else self.conns
        if conn in conns:
            conns.remove(conn)
        self.pool.protocol.on_lost(conn, error)
        if error in (0, errno.EPROTONOSUPPORT):  # we gave it up
            return
        if conn.retiring and self.named:
            return
        self.last_error = error
        self.damp(conn.bytes_in > 0)
        self.count_failure()

    def count_failure(self) -> None:
        """Eject the server when it failed too often in a row."""
        if self.dropped or not self.pool.config.auto_eject_hosts:
            return
        self.failures += 1
        if self.failures >= self.pool.config.server_failure_limit:
            self.failures = 0
            if not self.ejected:
                self.pool.eject(self)

    def readmit(self) -> None:
        """Be there for keys again."""
        self.ejected = False
        if not self.dropped:  # else another server of this name may count here
            self.counters.put(slot.EJECTED, 0)

    def damp(self, was_usable: bool) -> None:
        """Space out connects to a server that keeps refusing them.

        Ejection spaces them by itself, and its arithmetic counts every attempt.
        """
        if was_usable or self.pool.config.auto_eject_hosts:
            self.refused = 0
            self.wait_until_ms = 0
            return
        self.refused += 1
        if self.refused > CALM_FAILURES:
            doublings = min(self.refused - CALM_FAILURES - 1, 10)
            pause_ms = min(FIRST_PAUSE_MS << doublings, MAX_PAUSE_MS)
            reactor = self.pool.process.reactor
            jitter_ms = reactor.now_us % (pause_ms // 2 + 1)  # no two clocks agree
            self.wait_until_ms = reactor.now_ms + pause_ms // 2 + jitter_ms


def ring_of(config: PoolConfig) -> Distribution:
    """Return the placement of keys that a pool's configuration asks for."""
    return Distribution(
        config.distribution,
        config.hash,
        config.hash_tag,
        [server.label.encode() for server in config.servers],
        [server.weight for server in config.servers],
    )


class Pool:
    """One configured pool in this worker: its servers, its ring, its clients."""

    __slots__ = (
        "clients",
        "config",
        "counters",
        "links",
        "process",
        "protocol",
        "readmit_at_ms",
        "ring",
        "servers",
    )

    def __init__(self, process: Process, config: PoolConfig, counters: Block) -> None:
        self.process = process
        self.config = config
        self.counters = counters
        self.protocol = Protocol()
        self.servers: list[Server] = []
        self.links: dict[ServerConnection, None] = {}  # all, retiring ones too
        self.readmit_at_ms = 0  # when the next ejected server may come back, 0: none
        self.clients: dict[Client, None] = {}  # takes half the memory of a set
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
                server.pick(None)

    def adopt(self, config: PoolConfig, server_counters: Sequence[Block]) -> None:
        """Take new settings over; servers that stay keep their connections.

        Requests under way finish where they were sent.
        """
        same_login = (config.redis_auth, config.redis_db) == (
            self.config.redis_auth,
            self.config.redis_db,
        )
        former = {server.config: server for server in self.servers}
        self.config = config
        self.servers = []
        for i, server_config in enumerate(config.servers):
            server = former.pop(server_config, None)
            if server is None:
                server = Server(self, server_config, i, server_counters[i])
            server.index = i
            server.counters = server_counters[i]
            server.limit = config.server_connections
            server.keep(server.limit if same_login else 0)
            self.servers.append(server)
        for server in former.values():
            server.dropped = True
            server.retire()
        for conn in list(self.links):
            conn.retime(config.timeout_ms)
        for client in self.clients:
            client.restrict(config.max_in_flight, config.max_client_output_bytes)
            client.authenticated = client.authenticated or not config.redis_auth
        self.ring = ring_of(config)
        self.protocol.on_servers()
        self.trace()
        self.shorten_ejections()
        self.rebuild()

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
        for server in self.servers:
            server.retire()

    def owes(self) -> bool:
        """Tell whether clients are here, or left what gets no reply and is unsent."""
        return bool(self.clients) or any(conn.quiet for conn in self.links)

    def place(self, buf: bytearray, start: int, end: int) -> int:
        """Return the index of the live server for the key buf[start:end], or -1."""
        if self.readmit_at_ms and self.process.reactor.now_ms > self.readmit_at_ms:
            self.readmit()
        return self.ring.server(buf, start, end)

    def place_nothing(self) -> int:
        """Return the index of the server for requests without a key, or -1."""
        return self.place(PLACEHOLDER, 0, 11)

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
        return server.pick(client)

    def refusal(self, index: int) -> Slab:
        """Return the error for a request that found no connection."""
        if index < 0:
            return self.protocol.error(errno.ECONNREFUSED)
        return self.protocol.error(self.servers[index].last_error)
