"""What Redis servers answer, to requests of clients and to our own.

Each connection begins with requests of ours: AUTH, HELLO, SELECT, as far as the pool
asks for them. Nobody sees their responses; a refusal is told in the log or ends the
connection.
"""

from typing import Any, Final

from twemproxy import limits
from twemproxy.errors import ProtocolError
from twemproxy.log import Source
from twemproxy.net.slab import Slab, copied
from twemproxy.proxy.pairing import Pairing
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.redis_probe import Probe
from twemproxy.proxy.request import Request, request_of
from twemproxy.proxy.server_connection import ServerConnection
from twemproxy.wire import expect, progress
from twemproxy.wire.redis import answers
from twemproxy.wire.redis.fence import ERROR, fence_at, is_missing, make_one_line
from twemproxy.wire.redis.merge import fits, is_trouble
from twemproxy.wire.redis.response import ResponseScanner

log: Final = Source(__name__)

MAX_FENCE_BYTES: Final = 1024  # of the line that is the answer to a fence
MAX_REPLY_BYTES: Final = limits.MAX_REPLY_BYTES


class RedisPairing(Pairing):
    """Pairs the responses of the Redis servers of one pool."""

    __slots__ = ("pool", "probe")

    def __init__(self, pool: Pool, probe: Probe) -> None:
        Pairing.__init__(self, ResponseScanner)
        self.pool = pool
        self.probe = probe

    # What is asked first.

    def greet(self, conn: ServerConnection) -> None:
        """Put AUTH, HELLO and SELECT, in this order, in front of everything."""
        config = self.pool.config
        if config.redis_auth:
            self.ask_for_us(conn, [b"AUTH", config.redis_auth], expect.OWN)
        if conn.resp3:
            self.ask_for_us(conn, [b"HELLO", b"3"], expect.HELLO)
        if config.redis_db:
            self.ask_for_us(conn, [b"SELECT", b"%d" % config.redis_db], expect.GRANT)

    def ask_for_us(
        self, conn: ServerConnection, args: list[bytes], expects: int
    ) -> None:
        """Ask on our own account; the response is swallowed."""
        text = answers.request(args)
        request: Request = request_of(None, None, conn.reactor.now_us)
        request.expects = expects
        conn.outbox.say(text)
        conn.expect(request, len(text))

    # Responses.

    def passes(self, conn: ServerConnection) -> bool:
        """Tell whether a response, a string or an array, goes to one client."""
        request = conn.head
        if request is None or request.whole is not None or request.expects:
            return False
        return conn.scanner.kind in (36, 42)  # '$' '*'

    def pair(
        self, conn: ServerConnection, scanner: Any, slab: Slab, start: int, end: int
    ) -> int:
        """Walk over responses until the bytes run out."""
        walker: ResponseScanner = scanner
        walker.resp3 = conn.resp3
        pos = start
        buf = slab.buf
        while pos < end:
            news = buf[pos] == 62  # '>', they belong to no request
            request = None if news else self.asked(conn)
            if request is not None and request.expects == expect.FENCED:
                stop = self.pair_fenced(conn, request, walker, slab, pos, end)
                if stop == pos or conn.fd < 0:
                    return stop
                pos = stop
                continue
            if walker.advance(buf, pos, end) == progress.MORE:
                self.lend(conn)
                return pos
            stop = pos + walker.length
            kind = walker.kind
            if kind == 62 or request is None:  # with attributes or without
                walker.reset()
                pos = stop
                continue
            verdict = expect.FINE
            if walker.body and (request.whole is not None or request.expects):
                pos += walker.body  # attributes that nobody sees, or of one fragment
            if request.expects or kind in (45, 33):  # '-' '!'
                verdict = self.judge(conn, request, walker, buf, pos, stop)
            walker.reset()  # before an answer that may end a retiring connection
            conn.answer(slab, pos, stop, verdict)
            if conn.fd < 0:
                return end
            pos = stop
        conn.scanner = None
        return pos

    def pair_fenced(
        self,
        conn: ServerConnection,
        request: Request,
        walker: ResponseScanner,
        slab: Slab,
        start: int,
        end: int,
    ) -> int:
        """Answer with all before the fence; return its end, `start` without one."""
        line, stop = fence_at(slab.buf, start + walker.looked, end, request.wanted)
        if stop < 0:
            if is_missing(slab.buf, start, end):
                raise ProtocolError("no answer to the fence behind a script")
            walker.looked = max(walker.looked, end - start - MAX_FENCE_BYTES)
            if walker.looked > MAX_REPLY_BYTES:
                raise ProtocolError(f"response of more than {MAX_REPLY_BYTES} bytes")
            self.lend(conn)
            return start
        if line <= start:
            raise ProtocolError("a response before its request")
        if slab.buf[start] == ERROR:
            make_one_line(slab.buf, start, line)
        walker.looked = 0
        whole = walker.advance(slab.buf, start, line) == progress.WHOLE
        if not whole or walker.length != line - start:
            raise ProtocolError("a response to something else")
        verdict = self.judge(conn, request, walker, slab.buf, start, line)
        walker.reset()
        conn.answer(slab, start, line, verdict)
        return end if conn.fd < 0 else stop

    def judge(
        self,
        conn: ServerConnection,
        request: Request,
        walker: ResponseScanner,
        buf: bytearray,
        start: int,
        end: int,
    ) -> int:
        """Say what a response tells of its server; refuse one to something else."""
        if walker.kind in (45, 33):  # '-' '!'
            if request.expects >= expect.OWN:
                self.on_refused(conn, request, buf, start, end)
            elif is_trouble(buf, start, end):
                return expect.TROUBLE
            return expect.ERROR
        if request.expects == expect.HELLO:
            self.probe.on_hello(conn, bytes(buf[start:end]))
        elif not fits(request.expects, request.wanted, walker, buf, start):
            raise ProtocolError("a response to something else")
        return expect.FINE

    def on_refused(
        self,
        conn: ServerConnection,
        request: Request,
        buf: bytearray,
        start: int,
        end: int,
    ) -> None:
        """Say so when a server refuses what we asked on our own account.

        Without SELECT, keys would end in another database, and without HELLO the
        replies would have another shape: nobody may use this connection, and all
        who wait for it get the server's words.
        """
        if request.expects == expect.HELLO:
            self.probe.on_refused(conn, bytes(buf[start:end]))
            return
        text = bytes(buf[start + 1 : end - 2]).decode("latin-1")
        what = "SELECT" if request.expects == expect.GRANT else "AUTH"
        name = self.pool.config.name
        log.warn("%s failed on %s | %s: %s", what, name, conn.address, text)
        if request.expects == expect.GRANT:
            conn.last_words = copied(buf, start, end)
            raise ProtocolError("the database cannot be selected")
