"""The seam between connections and the two protocols.

A connection knows when bytes came and went; a protocol knows what they mean and
where they go. There is one protocol object per pool.
"""

import os
from typing import TYPE_CHECKING

from twemproxy.net.slab import Slab, permanent
from twemproxy.stats.slowlog import Tracer

if TYPE_CHECKING:  # these import this module
    from twemproxy.proxy.client import Client
    from twemproxy.proxy.server_connection import ServerConnection


class Protocol:
    """What a pool's clients and servers speak."""

    __slots__ = ("errors", "slow_us", "tracer")

    slow_us: int  # requests that take longer are taken down; 0: none are
    tracer: Tracer | None

    def __init__(self) -> None:
        self.errors: dict[int, Slab] = {}  # replies made so far, by errno

    def requests(self, client: "Client", slab: Slab, start: int, end: int) -> int:
        """Act on each whole request in slab[start:end]; return where that ended.

        Raise ProtocolError at bytes that are none; those before have been acted on.
        """
        raise NotImplementedError

    def on_bad_request(
        self, client: "Client", slab: Slab, start: int, end: int, text: str
    ) -> None:
        """Answer what came before, say why to what is in slab[start:end], close."""
        raise NotImplementedError

    def passes_request(self, client: "Client", slab: Slab, at: int) -> bool:
        """Tell whether the unfinished request at slab[at] will be passed on as it is.

        If so, what is still missing of the argument or block that has begun need
        not be seen.
        """
        raise NotImplementedError

    def passes_response(self, conn: "ServerConnection") -> bool:
        """Tell the same of the unfinished response of a server."""
        raise NotImplementedError

    def responses(
        self, conn: "ServerConnection", slab: Slab, start: int, end: int
    ) -> int:
        """Hand each whole response to the request that waits for it."""
        raise NotImplementedError

    def greet(self, conn: "ServerConnection") -> None:
        """Put what a fresh server connection needs in front of its first request."""
        raise NotImplementedError

    def error(self, number: int) -> Slab:
        """Return the reply that tells a client of this errno."""
        reply = self.errors.get(number)
        if reply is None:
            reply = permanent(self.error_line(os.strerror(number).encode()))
            self.errors[number] = reply
        return reply

    def error_line(self, text: bytes) -> bytes:
        """Return `text` as the error line of this protocol."""
        raise NotImplementedError

    def trace(self, slow_us: int, tracer: Tracer | None) -> None:
        """Take slow requests down with `tracer` from now on."""
        self.slow_us = slow_us
        self.tracer = tracer

    def on_lost(self, conn: "ServerConnection", error: int) -> None:
        """A server connection is gone, for this errno; 0 when we gave it up."""

    def on_servers(self) -> None:
        """The pool has other servers than before."""
        raise NotImplementedError
