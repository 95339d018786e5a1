"""Who may still be read when memory runs out.

Below 7/8 of the memory cap nobody notices anything. Between that and the cap, those
who hold much already are not read; at the cap nobody is read who could hold more.
Nothing is dropped and nothing changes its place: reading goes on when memory is
given back, and one unfinished message at a time may always become whole, and one
request be answered, the oldest that waits for it, for otherwise nothing might ever be
given back.
"""

from collections.abc import Sequence
from typing import Final

from twemproxy import limits
from twemproxy.log import Source
from twemproxy.net.ledger import held_bytes
from twemproxy.net.reactor import Handler
from twemproxy.proxy import reason
from twemproxy.proxy.connection import Connection
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.process import Guard, Process
from twemproxy.proxy.request import Request, is_gone
from twemproxy.proxy.server_connection import ServerConnection
from twemproxy.stats import slot

log: Final = Source(__name__)

LARGE_BYTES: Final = limits.LARGE_BYTES
RECHECK_MS: Final = 20  # while somebody is refused


class MemoryGuard(Guard):
    """Refuses to read whom memory cannot bear.

    Always true between two events: each connection in `waiting` is open and has
    the pause of reason MEMORY, or is closed.
    """

    __slots__ = ("allowed", "cap", "oldest", "process", "short", "waiting")

    def __init__(self, process: Process) -> None:
        """Keep nobody back before it knows of a cap."""
        self.process = process
        self.waiting: list[Connection] = []
        self.short = False  # memory is, and we look again every now and then
        self.allowed: Connection | None = None  # may finish its message nevertheless
        self.oldest: Request | None = None  # may be answered nevertheless
        self.cap = limits.MAX_PROCESS_BYTES

    def adopt(self, pools: Sequence[Pool]) -> None:
        """Take over the cap of these pools; the smallest counts."""
        caps = [pool.config.max_process_bytes for pool in pools]
        self.cap = min(caps, default=limits.MAX_PROCESS_BYTES)
        self.process.soft_bytes = self.cap // 8 * 7
        self.process.block.put(slot.MAX_BUFFERED_BYTES, self.cap)

    def has_enough(self) -> bool:
        """Tell whether so much is free that all may be read again."""
        return held_bytes() <= self.cap // 4 * 3

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
        enough = self.has_enough()
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


def is_large(conn: Connection) -> bool:
    """Tell whether the unfinished message of a connection is, or will be."""
    return max(conn.expected(), conn.bytes_in - conn.begun_bytes) > LARGE_BYTES


def whole_of(request: Request) -> Request:
    """Return what a request is a fragment of, itself if of nothing."""
    return request if request.whole is None else request.whole
