"""Pairing: the next response belongs to the request that has waited longest.

What a response is and whether it can be that request's, the two protocols say. One
that cannot ends the connection, and everybody who waits on it gets an error.
"""

import errno
from collections.abc import Callable
from typing import Any, Final

from twemproxy.errors import ProtocolError
from twemproxy.log import Source
from twemproxy.net.slab import Slab
from twemproxy.proxy.request import Request
from twemproxy.proxy.server_connection import ServerConnection

log: Final = Source(__name__)


class Pairing:
    """Pairs what the servers of one pool say; there is one for each pool.

    `scanner` serves every connection that is not in the middle of a response; it and
    all of those are of the protocol's kind, which `new_scanner` makes.
    """

    __slots__ = ("new_scanner", "scanner")

    def __init__(self, new_scanner: Callable[[], Any]) -> None:
        self.new_scanner = new_scanner
        self.scanner = new_scanner()

    def pair(
        self, conn: ServerConnection, scanner: Any, slab: Slab, start: int, end: int
    ) -> int:
        """Answer the requests whose responses are in slab[start:end].

        Return where the last of them ended; the `scanner` is in the middle of the
        first, or of none. Raise ProtocolError at one that cannot be the response to
        what was asked.
        """
        raise NotImplementedError

    def greet(self, conn: ServerConnection) -> None:
        """Put what a fresh connection needs in front of its first request: nothing."""

    def passes(self, conn: ServerConnection) -> bool:
        """Tell whether the unfinished response goes to one client as it comes."""
        raise NotImplementedError

    def responses(
        self, conn: ServerConnection, slab: Slab, start: int, end: int
    ) -> int:
        """Pair each whole response in slab[start:end] with its request."""
        try:
            return self.pair(conn, conn.scanner or self.scanner, slab, start, end)
        except ProtocolError as error:
            log.warn("s %d '%s' answered badly: %s", conn.fd, conn.address, error)
            if conn.scanner is None:
                self.scanner.reset()
            conn.close(errno.EINVAL)
            return end

    def asked(self, conn: ServerConnection) -> Request:
        """Return the request that what begins now may be the response to.

        Without one it is not waited for the rest: by then somebody may have asked.
        """
        request = conn.head
        if request is None:
            raise ProtocolError("a response that nobody asked for")
        if conn.bytes_out <= conn.paired_bytes:
            raise ProtocolError("a response before its request")
        return request

    def lend(self, conn: ServerConnection) -> None:
        """Let a connection keep the scanner that is in the middle of its response."""
        if conn.scanner is None:
            conn.scanner = self.scanner
            self.scanner = self.new_scanner()
