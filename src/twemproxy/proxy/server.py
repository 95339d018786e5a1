"""The servers of a pool: over which connection each is asked, and when it fails.

A server is *live* or *ejected*. Failures in a row eject it where the pool says so; one
that refuses connections is dialled less and less often. Where it has a name, its
addresses are asked for again, and left when the name has lost them.
"""

import errno
from typing import Final

from twemproxy import limits
from twemproxy.config.model import PoolConfig, ServerConfig
from twemproxy.log import Source
from twemproxy.net.dial import numeric_family
from twemproxy.net.reactor import Timer
from twemproxy.proxy import state
from twemproxy.proxy.client import Client
from twemproxy.proxy.process import Process
from twemproxy.proxy.protocol import Protocol
from twemproxy.proxy.server_connection import Owner, ServerConnection
from twemproxy.stats import slot
from twemproxy.stats.counters import Block

log: Final = Source(__name__)

CALM_FAILURES: Final = 5  # so many failed connects in a row go undamped
FIRST_PAUSE_MS: Final = 20
MAX_PAUSE_MS: Final = 2000
NAME_LIFETIME_MS: Final = limits.NAME_LIFETIME_MS
AVERAGED: Final = 6  # a shift: about the last 64 waits


class Home:
    """What a server belongs to: its pool.

    `links` has the connections to all its servers, those that retire too.
    """

    __slots__ = ("config", "links", "process", "protocol")

    process: Process
    config: PoolConfig
    protocol: Protocol
    links: dict[ServerConnection, None]

    def eject(self, server: "Server") -> None:
        """Take a server off the ring until its retry time."""
        raise NotImplementedError


class Server(Owner):
    """One server of a pool and its connections.

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
        self, pool: Home, config: ServerConfig, index: int, counters: Block
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
        self.following: Timer | None = None  # will ask for the addresses again
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

    def connection_for(self, client: Client | None) -> ServerConnection | None:
        """Return the connection for the next request, a new one where there is room.

        None if we hold off without one. Connections take turns, but a client stays on
        its own while anything of it is under way, so that it reads what it wrote,
        unless that one retires.
        """
        newer = client is not None and client.resp3
        conns = self.conns_of(newer)
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

    def conns_of(self, newer: bool) -> list[ServerConnection]:
        """Return the connections that speak RESP3, or those that do not."""
        return self.newer if newer else self.conns

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
        self.conns_of(newer).append(conn)
        pool.protocol.greet(conn)
        conn.dial(self.config.host, self.config.port, self.config.path)
        if self.named:
            self.follow_later()
        return conn

    def open_aside(self, newer: bool) -> ServerConnection | None:
        """Return a connection for what cannot wait behind others' requests.

        It is in no list, so nobody else uses it, and retires as soon as it owes
        nothing; those who come before it has closed share it.
        """
        conn = self.aside.get(newer)
        if conn is not None:
            return conn
        conn = self.open(newer)
        if conn is not None:
            self.conns_of(newer).remove(conn)
            conn.retiring = True
            self.aside[newer] = conn
        return conn

    def follow_later(self) -> None:
        """Ask for the addresses of a name again when their lifetime ends."""
        if self.following is None:
            reactor = self.pool.process.reactor
            late_ms = reactor.now_ms + NAME_LIFETIME_MS
            self.following = reactor.call_at(late_ms, self.follow)

    def follow(self) -> None:
        """Ask again while anything is connected there."""
        self.following = None
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
            if conn.state != state.READY:
                conn.move(addresses)
            else:
                log.notice("s %d '%s' has moved", conn.fd, conn.address)
                self.conns_of(conn.resp3).remove(conn)
                conn.retire()

    def keep(self, limit: int) -> None:
        """Give up all connections but so many, as soon as they owe nothing."""
        surplus = self.conns[limit:] + self.newer[limit:]
        self.conns = self.conns[:limit]
        self.newer = self.newer[:limit]
        for conn in surplus:
            conn.retire()

    def retire(self) -> None:
        """Give every connection up; a timer that runs on forgets us."""
        self.keep(0)
        if self.following is not None:
            self.following.cancel()
            self.following = None

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
        conns = self.conns_of(conn.resp3)
        if conn in conns:
            conns.remove(conn)
        elif self.aside.get(conn.resp3) is conn:
            del self.aside[conn.resp3]
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
