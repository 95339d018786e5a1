"""Listening sockets: who may come in."""

import errno
import os

from twemproxy import log
from twemproxy.net.dial import keep_alive, peer_name
from twemproxy.net.outcome import AGAIN, READ
from twemproxy.net.reactor import Handler
from twemproxy.net.sock import accept, no_delay
from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.process import Process
from twemproxy.stats import slot

MAX_ACCEPTS = 64  # in a row, before others get their turn
OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
RETRY_MS = 100  # when descriptors are short; asking again at once would spin


class Listener(Handler):
    """Accepts the clients of one pool."""

    __slots__ = ("pool", "process")

    def __init__(self, process: Process, pool: Pool, fd: int) -> None:
        Handler.__init__(self, fd, 1)
        self.process = process
        self.pool = pool

    def on_event(self, flags: int) -> None:
        """Accept all who wait."""
        if not flags & READ:
            return
        for _ in range(MAX_ACCEPTS):
            fd = accept(self.fd)
            if fd >= 0:
                self.admit(fd)
            elif fd == AGAIN:
                return
            elif -fd in OUT_OF_DESCRIPTORS:
                log.error("accept on p %d failed: %s", self.fd, os.strerror(-fd))
                self.pause()
                return
        self.process.reactor.read_later(self)

    def pause(self) -> None:
        """Try again in a moment."""
        reactor = self.process.reactor
        reactor.poller.want(self.fd, False, False)
        reactor.call_at(reactor.now_ms + RETRY_MS, self.go_on)

    def go_on(self) -> None:
        """Accept again after a pause."""
        if self.fd >= 0:
            self.process.reactor.poller.want(self.fd, True, False)
            self.process.reactor.read_later(self)

    def admit(self, fd: int) -> None:
        """Make a client of a new connection, or close it where there are too many."""
        process = self.process
        config = self.pool.config
        limit = config.client_connections
        if process.clients >= process.max_clients:
            self.turn_away(fd, process.clients, process.max_clients)
            return
        if limit and len(self.pool.clients) >= limit:
            self.turn_away(fd, len(self.pool.clients), limit)
            return
        if not config.listen.path:
            no_delay(fd)
            if config.tcpkeepalive:
                keep_alive(fd)
        client = Client(process, fd, self.pool.protocol, self.pool.counters)
        client.owner = self.pool.clients
        client.authenticated = not config.redis_auth
        self.pool.clients.add(client)
        self.pool.counters.add(slot.CLIENT_CONNECTIONS, 1)
        process.clients += 1
        process.on_opened()
        process.reactor.register(client)
        if log.wants(log.NOTICE):
            client.peer = peer_name(fd)
            log.notice("accepted c %d on p %d from '%s'", fd, self.fd, client.peer)

    def turn_away(self, fd: int, count: int, limit: int) -> None:
        """Close a connection that is one too many."""
        self.process.block.add(slot.REFUSED_CLIENTS, 1)
        self.pool.counters.add(slot.CLIENT_REFUSED, 1)
        log.error("client connections %d exceed limit %d", count, limit)
        os.close(fd)

    def close(self) -> None:
        """Listen no more; clients stay."""
        if self.fd >= 0:
            self.process.reactor.unregister(self)
            os.close(self.fd)
            self.fd = -1
