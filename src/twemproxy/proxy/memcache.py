"""The memcached side of a pool: what each request means and where it goes.

Most requests have one key and are forwarded as they came. A request that expects
no response (`noreply`) is forwarded and forgotten. A meta command in quiet mode
may or may not be answered, so it is sent with an `mn` behind it, whose answer
tells that nothing more comes.
"""

from array import array

from twemproxy.net.outbox import Outbox
from twemproxy.net.slab import Slab, permanent
from twemproxy.proxy import reason
from twemproxy.proxy.client import Client
from twemproxy.proxy.memcache_joint import write_jointly
from twemproxy.proxy.memcache_local import LocalAnswers
from twemproxy.proxy.memcache_pairing import MemcachePairing
from twemproxy.proxy.memcache_split import Splitter
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.pool_protocol import PoolProtocol
from twemproxy.proxy.sending import send_on
from twemproxy.proxy.timing import histogram_of
from twemproxy.wire import progress, rule
from twemproxy.wire.memcache import answers, due
from twemproxy.wire.memcache.commands import COMMANDS
from twemproxy.wire.memcache.plain import key_hash
from twemproxy.wire.memcache.request import RequestScanner
from twemproxy.wire.memcache.rewrite import decoded, rewritten


class MemcacheProtocol(PoolProtocol):
    """Speaks memcached with the clients and the servers of one pool."""

    __slots__ = (
        "asked",
        "blocks",
        "faults",
        "first",
        "how",
        "local",
        "reply",
        "splitter",
        "times",
    )

    def __init__(self, pool: Pool) -> None:
        PoolProtocol.__init__(self, pool, MemcachePairing())
        self.how = array("i", [row.how for row in COMMANDS])
        self.reply = array("i", [row.reply for row in COMMANDS])
        self.first = array("i", [row.first for row in COMMANDS])
        self.blocks = array("i", [row.block for row in COMMANDS])
        self.times = array("i", [histogram_of(row.flags) for row in COMMANDS])
        self.splitter = Splitter(pool)
        asked = array("q", bytes(8 * len(COMMANDS)))
        self.asked = asked  # requests, or keys of many, by row
        self.local = LocalAnswers(pool, asked)
        faults = answers.FAULTS.items()
        self.faults = {fault: permanent(reply) for fault, reply in faults}

    def on_servers(self) -> None:
        """The pool has other servers, and maybe other limits, than before."""
        PoolProtocol.on_servers(self)
        self.splitter = Splitter(self.pool)

    def new_scanner(self) -> RequestScanner:
        """Return a scanner that keeps to the limits of the pool."""
        scanner = RequestScanner()
        scanner.max_bytes = self.pool.config.max_request_bytes
        scanner.max_keys = self.pool.config.max_request_keys
        return scanner

    # From clients.

    def requests(self, client: Client, slab: Slab, start: int, end: int) -> int:
        """Route each whole request in slab[start:end]; return where that ended."""
        return self.walk(client, client.scanner or self.scanner, slab, start, end)

    def walk(
        self, client: Client, walker: RequestScanner, slab: Slab, start: int, end: int
    ) -> int:
        """Walk over requests until bytes or the client's window run out."""
        pos = start
        while pos < end and not client.paused:
            status = walker.advance(slab.buf, pos, end)
            if status == progress.MORE:
                self.lend(client)
                return pos
            length = walker.length
            if status == progress.WHOLE:
                self.route(client, walker, slab, pos)
                if self.slow_us:
                    client.note(slab, pos, pos + length)
            if client.fd < 0:
                return end
            pos += length
            walker.reset()
            if client.in_flight >= client.window:
                client.pause(reason.IN_FLIGHT)
        if walker.owed:
            self.lend(client)
        else:
            client.scanner = None
        return pos

    def route(
        self, client: Client, walker: RequestScanner, slab: Slab, at: int
    ) -> None:
        """Send one request on its way."""
        if walker.fault:
            if not walker.quiet:
                client.say(self.faults[walker.fault])
            return
        row = walker.row
        how = self.how[row]
        reply = self.reply[row]
        first = self.first[row]
        if how == rule.SPLIT_VALUES:
            self.asked[row] += walker.count - first
        else:
            self.asked[row] += 1
        if reply == due.META and how == rule.SINGLE:
            self.route_meta(client, walker, slab, at)
        elif how == rule.SINGLE:
            start = at + walker.spans[2 * first]
            end = at + walker.spans[2 * first + 1]
            index = self.pool.place(slab.buf, start, end)
            self.forward(client, walker, slab, at, index, reply)
        elif how == rule.SPLIT_VALUES and walker.count > first + 1:
            self.splitter.split(client, walker, slab, at)
        elif how == rule.SPLIT_VALUES:
            self.retrieve(client, walker, slab, at)
        elif how == rule.ANY:
            index = self.pool.place_nothing()
            self.forward(client, walker, slab, at, index, reply)
        else:
            words = walker.words(slab.buf, at, walker.count)
            self.local.answer(client, COMMANDS[row], words, walker.quiet)

    def passes_request(self, client: Client, slab: Slab, at: int) -> bool:
        """Tell whether a request with data, its line known, goes to one server."""
        return self.is_single(client.scanner)

    def is_single(self, walker: RequestScanner) -> bool:
        """Tell it of the request that `walker` is in the middle of."""
        if walker.line == 0 or walker.fault or walker.block < 0:
            return False
        return self.how[walker.row] == rule.SINGLE

    def forward(
        self,
        client: Client,
        walker: RequestScanner,
        slab: Slab,
        at: int,
        index: int,
        reply: int,
    ) -> None:
        """Pass a request on to server `index`; it expects a `reply` of this kind."""
        conn = self.pool.connection(index, client)
        if conn is None:
            if not walker.quiet:
                client.refuse(self.pool.refusal(index))
            return
        before = conn.outbox.pending
        self.write(conn.outbox, walker, slab, at)
        if reply == due.QUIET_META:
            conn.outbox.say(b"mn\r\n")
        length = conn.outbox.pending - before
        if walker.quiet:
            conn.send_quietly(length)
        else:
            request = client.ask(self.times[walker.row])
            request.expects = reply
            if reply >= due.META and self.has_flag(walker, slab.buf, at, 118):  # 'v'
                request.wanted = -1
            conn.expect(request, length)
        send_on(conn, client)

    def retrieve(
        self, client: Client, walker: RequestScanner, slab: Slab, at: int
    ) -> None:
        """Pass on a request for the value of one key."""
        word = 2 * self.first[walker.row]
        start = at + walker.spans[word]
        end = at + walker.spans[word + 1]
        index = self.pool.place(slab.buf, start, end)
        conn = self.pool.connection(index, client)
        if conn is None:
            client.refuse(self.pool.refusal(index))
            return
        request = client.ask(self.times[walker.row])
        request.expects = due.VALUES
        request.wanted = key_hash(slab.buf, start, end)
        length = walker.length
        if walker.canonical and self.splitter.shares(conn, walker.row):
            write_jointly(conn, request, slab, at, at + length)
        else:
            before = conn.outbox.pending
            self.write(conn.outbox, walker, slab, at)
            length = conn.outbox.pending - before
        conn.expect(request, length)
        send_on(conn, client)

    def write(
        self, outbox: Outbox, walker: RequestScanner, slab: Slab, at: int
    ) -> None:
        """Write a request as it came if that is plain, else anew with its data."""
        if walker.canonical and self.how[walker.row] != rule.ANY:
            outbox.add(slab, at, at + walker.length)
            return
        words = walker.words(slab.buf, at, walker.count)
        line = rewritten(COMMANDS[walker.row], words)
        outbox.say(line + b"\r\n")
        outbox.add(slab, at + walker.line, at + walker.length)

    def route_meta(
        self, client: Client, walker: RequestScanner, slab: Slab, at: int
    ) -> None:
        """Send a meta command to the server of its key, which base64 may hide."""
        start = at + walker.spans[2]
        end = at + walker.spans[3]
        if self.has_flag(walker, slab.buf, at, 98):  # 'b'
            key = decoded(bytes(slab.buf[start:end]))
            if not key:
                self.answer(client, answers.BAD_KEY)
                return
            if self.would_break_lines(walker, slab.buf, at, key):
                self.answer(client, answers.KEY_OF_LINES)
                return
            index = self.pool.place(key, 0, len(key))
        else:
            index = self.pool.place(slab.buf, start, end)
        quietly = self.has_flag(walker, slab.buf, at, 113)  # 'q'
        reply = due.QUIET_META if quietly else due.META
        self.forward(client, walker, slab, at, index, reply)

    def would_break_lines(
        self, walker: RequestScanner, buf: bytearray, at: int, key: bytearray
    ) -> bool:
        """Tell whether a key that came in base64 would be told as more than a line.

        memcached forgets of what it makes for want of a value (N), or anew of one that
        grows, that its key is to be told in base64: its end of a line would begin
        somebody else's reply.
        """
        if 10 not in key and 13 not in key:
            return False
        return self.has_flag(walker, buf, at, 78) or self.grows(walker, buf, at)  # 'N'

    def grows(self, walker: RequestScanner, buf: bytearray, at: int) -> bool:
        """Tell whether a meta command may make a value longer: `ma`, `ms` with MA."""
        spans = walker.spans
        if self.blocks[walker.row] == 0:
            return buf[at + spans[0] + 1] == 97  # 'a'
        for word in range(self.blocks[walker.row] + 1, walker.count):
            start = at + spans[2 * word]
            if buf[start] == 77 and buf[start + 1] in (65, 80, 97, 112):  # 'M' 'APap'
                return True
        return False

    def has_flag(
        self, walker: RequestScanner, buf: bytearray, at: int, letter: int
    ) -> bool:
        """Tell whether a meta command has a flag."""
        spans = walker.spans
        for word in range(max(2, self.blocks[walker.row] + 1), walker.count):
            if buf[at + spans[2 * word]] == letter:
                return True
        return False

    def not_spoken(self, begun: bytes, text: str) -> bytes:
        """Return the last reply to who `begun` so with what is not the protocol."""
        return answers.not_spoken(begun, text.encode())

    # From servers.

    def error_line(self, text: bytes) -> bytes:
        """Return `text` as an error line."""
        return answers.server_error(text)
