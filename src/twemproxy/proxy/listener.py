"""Listening sockets: who may come in."""

import errno
import os

from twemproxy import log
from twemproxy.net.dial import keep_alive, peer_name
from twemproxy.net.outcome import AGAIN, READ
from twemproxy.net.reactor import Handler
from twemproxy.net.sock import accept, no_delay
from twemproxy.proxy.balance import ALONE, FEW, LEAVE_MS, Balance
from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.process import Process
from twemproxy.stats import slot

MAX_ACCEPTS = 64  # in a row, before others get their turn
LAST_ACCEPTS = 65536  # before a listener closes, however many go on to knock
# One client's trouble; any other is ours, most likely that descriptors are short.
PASSING = (errno.ECONNABORTED, errno.EPROTO, errno.EPERM)
RETRY_MS = 100  # after an error of ours; asking again at once would spin


class Listener(Handler):
    """Accepts the clients of one pool."""

    __slots__ = (
        "balance",
        "counted_us",
        "credit_us",
        "few",
        "pausing",
        "pool",
        "process",
    )

    def __init__(
        self, process: Process, pool: Pool, fd: int, balance: Balance = ALONE
    ) -> None:
        Handler.__init__(self, fd, 1)
        self.balance = balance
        self.few = 0  # clients we may take though other workers have fewer
        self.process = process
        self.pool = pool
        self.pausing = False
        self.credit_us = 1000000  # time saved up, which clients are accepted for
        self.counted_us = process.reactor.now_us

    def on_event(self, flags: int) -> None:
        """Accept those who wait."""
        if not flags & READ or self.pausing:
            return
        if self.accept_some(self.pool.config.client_accept_rate):
            self.process.reactor.read_later(self)

    def accept_some(self, rate: int) -> bool:
        """Accept some of those who wait, at this rate; true if others may wait yet."""
        for _ in range(MAX_ACCEPTS):
            if rate and not self.is_due(rate):
                self.pause(1000 // rate + 1)
                return False
            if self.balance.is_ahead():
                if self.few == 0:
                    self.few = FEW
                    self.pause(LEAVE_MS)
                    return False
                self.few -= 1
            fd = accept(self.fd)
            if fd >= 0:
                self.admit(fd)
            elif fd == AGAIN:
                self.few = 0
                return False
            elif -fd not in PASSING:
                log.error("accept on p %d failed: %s", self.fd, os.strerror(-fd))
                self.pause(RETRY_MS)
                return False
        return True

    def is_due(self, rate: int) -> bool:
        """Tell whether one more may come in, of `rate` a second and as many at once."""
        now_us = self.process.reactor.now_us
        self.credit_us = min(self.credit_us + now_us - self.counted_us, 1000000)
        self.counted_us = now_us
        price_us = 1000000 // rate
        if self.credit_us < price_us:
            return False
        self.credit_us -= price_us
        return True

    def pause(self, pause_ms: int) -> None:
        """Try again in a moment; one timer, however many knock meanwhile."""
        reactor = self.process.reactor
        self.pausing = True
        reactor.poller.want(self.fd, False, False)
        reactor.call_at(reactor.now_ms + pause_ms, self.go_on)

    def go_on(self) -> None:
        """Accept again after a pause."""
        self.pausing = False
        if self.fd >= 0:
            self.process.reactor.poller.want(self.fd, True, False)
            self.process.reactor.read_later(self)

    def admit(self, fd: int) -> None:
        """Make a client of a new connection, or close it where there are too many."""
        process = self.process
        config = self.pool.config
        limit = config.client_connections
        if process.clients >= process.max_clients:
            for client in list(process.leaving):
                client.end()
        if process.clients >= process.max_clients:
            process.block.add(slot.REFUSED_CLIENTS, 1)
            self.turn_away(fd, process.clients, process.max_clients)
            return
        counters = self.pool.counters
        counters.add(slot.CLIENT_CONNECTIONS, 1)  # first: another may be at this, too
        if limit and (count := self.count_members()) > limit:
            counters.add(slot.CLIENT_CONNECTIONS, -1)
            self.turn_away(fd, count - 1, limit)
            return
        if not config.listen.path:
            no_delay(fd)
            if config.tcpkeepalive:
                keep_alive(fd)
        client = Client(process, fd, self.pool.protocol, counters)
        client.owner = self.pool.clients
        client.authenticated = not config.redis_auth
        client.restrict(config.max_in_flight, config.max_client_output_bytes)
        self.pool.clients[client] = None
        process.clients += 1
        process.on_opened()
        process.reactor.register(client)
        if log.wants(log.NOTICE):
            client.peer = peer_name(fd)
            log.notice("accepted c %d on p %d from '%s'", fd, self.fd, client.peer)

    def count_members(self) -> int:
        """Count the clients of the pool, those of other workers too.

        Who has not left a former pool of this name is one of them.
        """
        counters = self.pool.counters
        here = counters.get(slot.CLIENT_CONNECTIONS)
        return here + self.balance.elsewhere(counters, slot.CLIENT_CONNECTIONS)

    def turn_away(self, fd: int, count: int, limit: int) -> None:
        """Close a connection that is one too many."""
        self.pool.counters.add(slot.CLIENT_REFUSED, 1)
        log.error("client connections %d exceed limit %d", count, limit)
        os.close(fd)

    def finish(self) -> None:
        """Accept all who knocked already, then close."""
        self.few = LAST_ACCEPTS  # however many the others have
        for _ in range(LAST_ACCEPTS // MAX_ACCEPTS):
            if not self.accept_some(0):
                break
        self.close()

    def close(self) -> None:
        """Listen no more; clients stay."""
        self.process.reactor.unregister(self)
        os.close(self.fd)
        self.fd = -1
