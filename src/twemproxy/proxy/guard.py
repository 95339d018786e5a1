"""What needs a look only now and then: memory that runs out, clients without haste.

Below 7/8 of the memory cap nobody notices anything. Between that and the cap, those
who hold much already are not read; at the cap nobody is read who could hold more.
Nothing is dropped and nothing changes its place: reading goes on when memory is
given back, and one unfinished message at a time may always become whole, and one
request be answered, the oldest that waits for it, for otherwise nothing might ever be
given back.
"""

import errno
from collections.abc import Sequence
from typing import Final

from twemproxy import limits
from twemproxy.log import Source
from twemproxy.net.ledger import held_bytes
from twemproxy.net.reactor import Handler
from twemproxy.proxy import reason
from twemproxy.proxy.client import Client
from twemproxy.proxy.connection import Connection
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.process import Guard, Process
from twemproxy.proxy.request import Request, is_gone
from twemproxy.proxy.server_connection import ServerConnection
from twemproxy.stats import slot

log: Final = Source(__name__)

LARGE_BYTES: Final = limits.LARGE_BYTES
PROGRESS_BYTES: Final = limits.PROGRESS_BYTES
STALLED_MS: Final = limits.STALLED_MS
PARTING_MS: Final = limits.PARTING_MS
RECHECK_MS: Final = 20  # while somebody is refused
SWEEP_MS: Final = 1000
FASTEST_SWEEP_MS: Final = 50


class Watch(Guard):
    """Refuses to read whom memory cannot bear, closes whom patience cannot.

    Always true between two events: each connection in `waiting` is open and has
    the pause of reason MEMORY, or is closed.
    """

    __slots__ = (
        "allowed",
        "cap",
        "oldest",
        "pools",
        "process",
        "short",
        "sweep_ms",
        "waiting",
    )

    def __init__(self, process: Process) -> None:
        """Watch over the pools of a process."""
        self.process = process
        self.pools: list[Pool] = []
        self.waiting: list[Connection] = []
        self.short = False  # memory is, and we look again every now and then
        self.allowed: Connection | None = None  # may finish its message nevertheless
        self.oldest: Request | None = None  # may be answered nevertheless
        self.cap = limits.MAX_PROCESS_BYTES
        self.sweep_ms = SWEEP_MS
        self.sweep()

    def adopt(self, pools: list[Pool], leaving: Sequence[Pool] = ()) -> None:
        """Take over the limits of these pools; the smallest memory cap counts.

        The clients of those that are `leaving` are looked at until they are gone.
        """
        self.pools = [*pools, *leaving]
        caps = [pool.config.max_process_bytes for pool in pools]
        self.cap = min(caps, default=limits.MAX_PROCESS_BYTES)
        self.process.soft_bytes = self.cap // 8 * 7
        self.process.block.put(slot.MAX_BUFFERED_BYTES, self.cap)
        waits = [wait for pool in pools for wait in patience(pool) if wait]
        quarter = min(waits, default=4 * SWEEP_MS) // 4
        self.sweep_ms = max(FASTEST_SWEEP_MS, min(SWEEP_MS, quarter))

    # Memory.

    def refuses(self, conn: Handler) -> bool:
        """Tell whether not to read from a connection now; it is paused then."""
        if not isinstance(conn, Connection) or not self.grows(conn):
            return False
        if not self.short:
            self.short = True
            log.warn("%d bytes are held, some are not read", held_bytes())
            self.look_again_later()
        conn.pause(reason.MEMORY)
        self.waiting.append(conn)
        return True

    def grows(self, conn: Connection) -> bool:
        """Tell whether reading from a connection makes matters worse.

        A response for a client that reads makes them better.
        """
        full = held_bytes() > self.cap
        if isinstance(conn, ServerConnection):
            head = conn.head
            live = head is not None and not is_gone(head)
            if head is not None and live:
                if self.oldest is whole_of(head):
                    return False
                if head.client is not None and head.client.held() > LARGE_BYTES:
                    return True
            if conn.backlog is None:
                return False
            if live and full:  # as the next ones may be, and each for another client
                return is_large(conn)
        if not full and conn.held() <= LARGE_BYTES:
            return False
        if conn.backlog is None:
            return True
        if self.nobody_is_allowed():
            self.allowed = conn
        return conn is not self.allowed

    def nobody_is_allowed(self) -> bool:
        """Tell whether the last one to be allowed has finished its message."""
        conn = self.allowed
        return conn is None or conn.fd < 0 or conn.backlog is None or conn.paused != 0

    def look_again_later(self) -> None:
        """Look again soon."""
        reactor = self.process.reactor
        reactor.call_at(reactor.now_ms + RECHECK_MS, self.look_again)

    def look_again(self) -> None:
        """Let those be read again whom memory can bear now."""
        self.choose_oldest()
        waiting = self.waiting
        self.waiting = []
        enough = held_bytes() <= self.cap // 4 * 3
        for conn in waiting:
            if conn.fd < 0:
                continue
            if enough or not self.grows(conn):
                conn.resume(reason.MEMORY)
            else:
                self.waiting.append(conn)
        if self.waiting or held_bytes() > self.process.soft_bytes:
            self.look_again_later()
        else:
            self.short = False
            self.oldest = None
            log.notice("%d bytes are held, all are read again", held_bytes())

    def choose_oldest(self) -> None:
        """Let the oldest request of those whose servers are not read be answered.

        All before it on those connections are answered already, so nothing but memory
        keeps it back. The last one's client first has to take what it was given.
        """
        last = self.oldest
        client = None if last is None else last.client
        if client is not None and client.outbox.pending > LARGE_BYTES:
            return
        self.oldest = None
        for conn in self.waiting:
            head = conn.head if isinstance(conn, ServerConnection) else None
            if head is None or is_gone(head):
                continue
            if self.oldest is None or head.started_us < self.oldest.started_us:
                self.oldest = whole_of(head)
        client = None if self.oldest is None else self.oldest.client
        if client is not None and client.blocked and client.held() > LARGE_BYTES:
            self.oldest = None

    # Patience.

    def sweep(self) -> None:
        """Close the clients that took too long."""
        for pool in self.pools:
            self.sweep_pool(pool)
        self.part()
        if self.waiting:
            self.close_gluttons()
        reactor = self.process.reactor
        reactor.call_at(reactor.now_ms + self.sweep_ms, self.sweep)

    def sweep_pool(self, pool: Pool) -> None:
        """Look at each client of a pool, and count its bytes."""
        idle_ms, request_ms, auth_ms = patience(pool)
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
            if held_bytes() <= self.cap // 4 * 3:
                return
            does = "reads" if client.blocked else "sends"
            held = client.held()
            log.warn("c %d %s too little and holds %d bytes", client.fd, does, held)
            self.give_up(client)


def bytes_of(client: Client) -> int:
    """Return how many bytes are kept for a client."""
    return client.held()


def is_large(conn: Connection) -> bool:
    """Tell whether the unfinished message of a connection is, or will be."""
    return max(conn.expected(), conn.bytes_in - conn.begun_bytes) > LARGE_BYTES


def whole_of(request: Request) -> Request:
    """Return what a request is a fragment of, itself if of nothing."""
    return request if request.whole is None else request.whole


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


def patience(pool: Pool) -> tuple[int, int, int]:
    """Return how long a client of a pool may idle, request and authenticate, in ms."""
    config = pool.config
    return (
        config.client_idle_timeout_ms,
        config.client_request_timeout_ms,
        config.client_auth_timeout_ms if config.redis_auth else 0,
    )
