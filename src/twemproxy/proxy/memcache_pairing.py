"""What memcached answers, to single requests, to parts of split and to shared lines."""

from typing import Any

from twemproxy.errors import ProtocolError
from twemproxy.net.slab import Slab
from twemproxy.proxy.memcache_joint import disperse, is_shared, values_of
from twemproxy.proxy.pairing import Pairing
from twemproxy.proxy.request import Request
from twemproxy.proxy.server_connection import ServerConnection
from twemproxy.wire import expect, progress
from twemproxy.wire.memcache import due
from twemproxy.wire.memcache.response import ResponseScanner


class MemcachePairing(Pairing):
    """Pairs the responses of the memcached servers of one pool."""

    __slots__ = ()

    def __init__(self) -> None:
        Pairing.__init__(self, ResponseScanner)

    def passes(self, conn: ServerConnection) -> bool:
        """Tell whether a response, in the middle of its data, goes to one client."""
        head = conn.head
        return head is not None and head.whole is None and not is_shared(head)

    def pair(
        self, conn: ServerConnection, scanner: Any, slab: Slab, start: int, end: int
    ) -> int:
        """Walk over responses until the bytes run out."""
        walker: ResponseScanner = scanner
        pos = start
        buf = slab.buf
        while pos < end:
            request = self.asked(conn)
            walker.expects = request.expects
            shared = is_shared(request)
            alone = request.whole is None and not shared
            walker.wanted = request.wanted if alone else -1
            if walker.advance(buf, pos, end) == progress.MORE:
                self.lend(conn)
                return pos
            if request.expects == due.VALUES:
                length = slab.weigh(pos, pos + walker.length)
                conn.learn_length(length // max(1, walker.blocks))
            if shared:
                disperse(conn, walker, slab, pos)
            elif walker.failed:
                conn.answer(slab, pos, pos + walker.shown, expect.ERROR)
            else:
                if request.whole is not None:
                    self.check_fragment(walker, request, buf, pos)
                conn.answer(slab, pos, pos + walker.shown, expect.FINE)
            doubtful = walker.doubtful
            pos += walker.length
            walker.reset()  # it may be everybody's, whatever ends the connection
            if conn.fd < 0:
                return end
            if doubtful:
                raise ProtocolError("a response to something else, passed on")
        conn.scanner = None
        return pos

    def check_fragment(
        self, walker: ResponseScanner, request: Request, buf: bytearray, pos: int
    ) -> None:
        """Take the values of a fragment; raise ProtocolError if it asked for others."""
        if walker.doubtful:
            raise ProtocolError("a response to something else")
        values = None if request.whole is None else values_of(request.whole)
        end = pos + walker.length
        if values is not None and not values.take(
            request.wanted, walker, buf, pos, end
        ):
            raise ProtocolError("a value that was not asked for")
