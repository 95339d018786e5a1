"""What Redis and memcached have in common, seen from a pool.

Where a request goes, each protocol says in `requests`, and what a response is, its
`Pairing`. Scanners are lent to clients, and bytes that are no request end the
connection of who sent them, in the same way for both.
"""

from typing import Any, Final

from twemproxy.log import Source
from twemproxy.net.slab import Slab, holding
from twemproxy.proxy.client import Client
from twemproxy.proxy.pairing import Pairing
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.protocol import Protocol
from twemproxy.proxy.server_connection import ServerConnection
from twemproxy.stats import slot

log: Final = Source(__name__)

BEGUN_BYTES: Final = 64  # of what is not the protocol, to see what else it is


class PoolProtocol(Protocol):
    """A pool's protocol, as far as Redis's and memcached's are alike.

    `scanner` serves every client that is not in the middle of a request; it and all of
    those are of the protocol's kind, which `new_scanner` makes.
    """

    __slots__ = ("pairing", "pool", "scanner")

    def __init__(self, pool: Pool, pairing: Pairing) -> None:
        Protocol.__init__(self)
        self.pool = pool
        self.pairing = pairing
        self.scanner = self.new_scanner()

    def new_scanner(self) -> Any:
        """Return a scanner that keeps to the limits of the pool."""
        raise NotImplementedError

    def not_spoken(self, begun: bytes, text: str) -> bytes:
        """Return the last reply to who `begun` so with what is not the protocol."""
        raise NotImplementedError

    # From clients.

    def lend(self, client: Client) -> None:
        """Let a client keep the scanner that is in the middle of its request."""
        if client.scanner is None:
            client.scanner = self.scanner
            self.scanner = self.new_scanner()

    def answer(self, client: Client, reply: bytes) -> None:
        """Answer here, if there is something to say; it waits for its turn."""
        if reply:
            client.say(holding(reply))

    def on_bad_request(
        self, client: Client, slab: Slab, start: int, end: int, text: str
    ) -> None:
        """Answer what came before, say why to what is in slab[start:end], close."""
        if client.scanner is None:
            self.scanner.reset()
        begun = bytes(slab.buf[start : min(end, start + BEGUN_BYTES)])
        self.pool.counters.add(slot.PROTOCOL_ERRORS, 1)
        log.notice("c %d sent what is not the protocol: %s", client.fd, text)
        client.broken = True
        self.answer(client, self.not_spoken(begun, text))
        client.finish_reading()

    # From servers.

    def responses(
        self, conn: ServerConnection, slab: Slab, start: int, end: int
    ) -> int:
        """Pair each whole response in slab[start:end] with its request."""
        return self.pairing.responses(conn, slab, start, end)

    def passes_response(self, conn: ServerConnection) -> bool:
        """Tell whether the unfinished response goes to one client as it comes."""
        return self.pairing.passes(conn)

    def greet(self, conn: ServerConnection) -> None:
        """Put what a fresh connection needs in front of its first request."""
        self.pairing.greet(conn)

    # From the supervisor.

    def on_servers(self) -> None:
        """The pool has other servers, and maybe other limits, than before."""
        self.scanner = self.new_scanner()
