"""The seam between connections and the two protocols.

A connection knows when bytes came and went; a protocol knows what they mean and
where they go. There is one protocol object per pool.
"""

from twemproxy.net.slab import Slab
from twemproxy.proxy.connection import Connection


class Protocol:
    """What a pool's clients and servers speak."""

    __slots__ = ()

    def requests(self, client: Connection, slab: Slab, start: int, end: int) -> int:
        """Act on each whole request in slab[start:end]; return where that ended."""
        raise NotImplementedError

    def responses(self, conn: Connection, slab: Slab, start: int, end: int) -> int:
        """Hand each whole response to the request that waits for it."""
        raise NotImplementedError

    def greet(self, conn: Connection) -> None:
        """Put what a fresh server connection needs in front of its first request."""
        raise NotImplementedError

    def error(self, number: int) -> Slab:
        """Return the reply that tells a client of this errno."""
        raise NotImplementedError

    def on_servers(self) -> None:
        """The pool has other servers than before."""
        raise NotImplementedError
