"""How long clients may take, and whom to give up for others when memory is short."""

import errno
from collections.abc import Sequence
from typing import Final

from twemproxy import limits
from twemproxy.log import Source
from twemproxy.proxy import reason
from twemproxy.proxy.client import Client
from twemproxy.proxy.guard import MemoryGuard
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.process import Process
from twemproxy.stats import slot

log: Final = Source(__name__)

PROGRESS_BYTES: Final = limits.PROGRESS_BYTES
STALLED_MS: Final = limits.STALLED_MS
PARTING_MS: Final = limits.PARTING_MS
SWEEP_MS: Final = 1000
FASTEST_SWEEP_MS: Final = 50


class Patience:
    """Looks at all clients every now and then, and closes who took too long."""

    __slots__ = ("guard", "pools", "process", "sweep_ms")

    def __init__(self, process: Process, guard: MemoryGuard) -> None:
        """Begin to look; `guard` knows whether memory is short."""
        self.process = process
        self.guard = guard
        self.pools: list[Pool] = []
        self.sweep_ms = SWEEP_MS
        self.sweep()

    def adopt(self, pools: Sequence[Pool], leaving: Sequence[Pool] = ()) -> None:
        """Take over the limits of these pools.

        The clients of those that are `leaving` are looked at until they are gone.
        """
        self.pools = [*pools, *leaving]
        waits = [wait for pool in pools for wait in times_of(pool) if wait]
        quarter = min(waits, default=4 * SWEEP_MS) // 4
        self.sweep_ms = max(FASTEST_SWEEP_MS, min(SWEEP_MS, quarter))

    def sweep(self) -> None:
        """Close the clients that took too long."""
        for pool in self.pools:
            self.sweep_pool(pool)
        self.part()
        if self.guard.waiting:
            self.close_gluttons()
        reactor = self.process.reactor
        reactor.call_at(reactor.now_ms + self.sweep_ms, self.sweep)

    def sweep_pool(self, pool: Pool) -> None:
        """Look at each client of a pool, and count its bytes."""
        idle_ms, request_ms, auth_ms = times_of(pool)
        now_ms = self.process.reactor.now_ms
        late: list[Client] = []
        for client in pool.clients:
            moved = client.count_bytes()
            if client.leaving:
                continue
            if moved or (client.head and not client.blocked):
                client.moved_ms = now_ms
            earn(client, now_ms)
            if client.paused:
                if client.paused & reason.MEMORY and not client.blocked:
                    client.moved_ms = now_ms
                client.begun_ms = now_ms
                client.begun_bytes = client.bytes_in
            elif request_ms and is_slow(client, now_ms, request_ms):
                late.append(client)
                continue
            idled = idle_ms and now_ms - client.moved_ms > idle_ms
            strange = auth_ms and not client.authenticated
            if idled or (strange and now_ms - client.strange_ms > auth_ms):
                late.append(client)
        for client in late:
            self.give_up(client)

    def part(self) -> None:
        """Close the clients that were told to leave and had time enough for it."""
        limit_ms = self.process.reactor.now_ms - PARTING_MS
        for client in [c for c in self.process.leaving if c.moved_ms < limit_ms]:
            client.end()

    def give_up(self, client: Client) -> None:
        """Close a client that took too long."""
        client.counters.add(slot.CLIENT_TIMEDOUT, 1)
        client.close(errno.ETIMEDOUT)

    def close_gluttons(self) -> None:
        """Close who does not move on with what is his to do, until there is enough.

        Who holds the most goes first; where each holds little, many have to go.
        """
        limit_ms = self.process.reactor.now_ms - STALLED_MS
        late: list[Client] = []
        for pool in self.pools:
            for client in pool.clients:
                if client.earned_ms < limit_ms and stalls(client):
                    late.append(client)
        late.sort(key=bytes_of, reverse=True)
        for client in late:
            if self.guard.has_enough():
                return
            does = "reads" if client.blocked else "sends"
            held = client.held()
            log.warn("c %d %s too little and holds %d bytes", client.fd, does, held)
            self.give_up(client)


def bytes_of(client: Client) -> int:
    """Return how many bytes are kept for a client."""
    return client.held()


def stalls(client: Client) -> bool:
    """Tell whether it is for a client to take something, or to end its request."""
    unfinished = client.backlog is not None and not client.paused
    return client.blocked or unfinished


def earn(client: Client, now_ms: int) -> None:
    """Take down when a client has moved enough for another while, or need not."""
    moved = client.bytes_in + client.bytes_out
    if moved - client.earned_bytes >= PROGRESS_BYTES or not stalls(client):
        client.earned_bytes = moved
        client.earned_ms = now_ms


def is_slow(client: Client, now_ms: int, request_ms: int) -> bool:
    """Tell whether a client takes too long for the request it has begun."""
    if client.backlog is None:
        return False
    grown = client.bytes_in - client.begun_bytes
    return now_ms - client.begun_ms > request_ms * (1 + grown // PROGRESS_BYTES)


def times_of(pool: Pool) -> tuple[int, int, int]:
    """Return how long a client of a pool may idle, request and authenticate, in ms."""
    config = pool.config
    return (
        config.client_idle_timeout_ms,
        config.client_request_timeout_ms,
        config.client_auth_timeout_ms if config.redis_auth else 0,
    )
