"""The Redis side of a pool: what each request means and where it goes.

Most requests have one key and are forwarded as they came: found in the table,
hashed, linked, and their bytes put into a server's outbox. The rest takes the
slower road through `args`, a list of byte strings.
"""

import errno
from typing import Final

from twemproxy import limits
from twemproxy.net.clock import monotonic_us
from twemproxy.net.slab import Slab, copies_fit, holding
from twemproxy.proxy import reason
from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.pool_protocol import PoolProtocol
from twemproxy.proxy.redis_catalogue import Catalogue
from twemproxy.proxy.redis_fanout import Fanout
from twemproxy.proxy.redis_local import LocalAnswers
from twemproxy.proxy.redis_pairing import RedisPairing
from twemproxy.proxy.redis_probe import Probe
from twemproxy.proxy.redis_split import Splitter
from twemproxy.proxy.sending import send_on
from twemproxy.proxy.server_connection import ServerConnection
from twemproxy.wire import progress, rule
from twemproxy.wire.redis import answers
from twemproxy.wire.redis.inline import as_request, is_foreign
from twemproxy.wire.redis.request import RequestScanner

MAX_KEY_BYTES: Final = limits.MAX_KEY_BYTES
WORD_BYTES: Final = 40  # that a word takes besides what is in it
# Flags that ask for no special care.
PLAIN: Final = rule.READ | rule.WRITE | rule.DANGEROUS


class RedisProtocol(PoolProtocol):
    """Speaks Redis with the clients and the servers of one pool."""

    __slots__ = (
        "arity",
        "catalogue",
        "fanout",
        "first",
        "flags",
        "how",
        "index",
        "local",
        "probe",
        "splitter",
        "times",
    )

    def __init__(self, pool: Pool) -> None:
        self.probe = Probe(pool)
        PoolProtocol.__init__(self, pool, RedisPairing(pool, self.probe))
        self.catalogue = Catalogue(pool.config)
        self.take_catalogue()
        self.splitter = Splitter(pool)
        self.fanout = Fanout(pool)
        self.local = LocalAnswers(pool, self.probe, self.catalogue)

    def on_servers(self) -> None:
        """The pool has other servers, and maybe other limits, than before."""
        PoolProtocol.on_servers(self)
        self.splitter = Splitter(self.pool)
        self.catalogue.build(self.pool.config)
        self.take_catalogue()
        self.probe.forget()

    def take_catalogue(self) -> None:
        """Look commands up in the table as it is now."""
        catalogue = self.catalogue
        self.index = catalogue.index
        self.how = catalogue.how
        self.arity = catalogue.arity
        self.first = catalogue.first
        self.flags = catalogue.flags
        self.times = catalogue.times

    def new_scanner(self) -> RequestScanner:
        """Return a scanner that keeps to the limits of the pool."""
        scanner = RequestScanner()
        scanner.max_bytes = self.pool.config.max_request_bytes
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
            walker.trusting = client.authenticated
            status = walker.advance(slab.buf, pos, end)
            if status == progress.MORE:
                self.lend(client)
                return pos
            length = walker.length
            if slab.gap is not None and self.is_too_late(client, walker, slab, pos):
                self.answer(client, answers.RECONFIGURED)
            elif status == progress.WHOLE:
                self.route(client, walker, slab, pos)
            elif status == progress.LINE:
                self.route_line(client, slab, pos, pos + length)
            else:
                client.ask_nothing()
            if self.slow_us:
                client.note(slab, pos, pos + length)
            if client.fd < 0:
                return end
            pos += length
            walker.reset()
            if client.in_flight >= client.window:
                client.pause(reason.IN_FLIGHT)
        client.scanner = None
        return pos

    def route(
        self, client: Client, walker: RequestScanner, slab: Slab, at: int
    ) -> None:
        """Send one request on its way."""
        row = self.index.find(slab.buf, at + walker.spans[0], at + walker.spans[1])
        if row < 0 or not self.suits(client, row, walker.count):
            self.route_slowly(client, walker, slab, at)
            return
        how = self.how[row]
        if how == rule.SINGLE:
            key = 2 * self.first[row]
            start = at + walker.spans[key]
            end = at + walker.spans[key + 1]
            if end - start > MAX_KEY_BYTES:
                self.route_slowly(client, walker, slab, at)
            else:
                index = self.pool.place(slab.buf, start, end)
                self.forward(client, walker, slab, at, row, index)
        elif rule.SPLIT_VALUES <= how <= rule.SPLIT_PAIRS:
            self.splitter.split(client, walker, slab, at, row, how)
        else:
            self.route_slowly(client, walker, slab, at)

    def passes_request(self, client: Client, slab: Slab, at: int) -> bool:
        """Tell whether a request, its key known, goes to one server as it came."""
        walker = client.scanner
        return walker.bulk >= 0 and self.is_single(client, walker, slab, at)

    def is_single(
        self, client: Client, walker: RequestScanner, slab: Slab, at: int
    ) -> bool:
        """Tell whether what is known of a request goes to the server of its key."""
        if walker.count == 0 or not walker.canonical:
            return False
        start = at + walker.spans[0]
        row = self.index.find(slab.buf, start, at + walker.spans[1])
        if row < 0 or not self.suits(client, row, walker.declared):
            return False
        return self.how[row] == rule.SINGLE and self.first[row] < walker.count

    def is_too_late(
        self, client: Client, walker: RequestScanner, slab: Slab, at: int
    ) -> bool:
        """Tell whether a whole request is not single any more, but was not seen whole.

        Its command was given another meaning while it came.
        """
        unseen = slab.weigh(at, at + walker.length) > walker.length
        return unseen and not self.is_single(client, walker, slab, at)

    def suits(self, client: Client, row: int, words: int) -> bool:
        """Tell whether a request of a row needs nothing but forwarding."""
        arity = self.arity[row]
        if not client.authenticated or self.flags[row] & ~PLAIN:
            return False
        return words == arity if arity >= 0 else words >= -arity

    def forward(
        self,
        client: Client,
        walker: RequestScanner,
        slab: Slab,
        at: int,
        row: int,
        index: int,
    ) -> None:
        """Pass a whole request on to server `index`, as it came."""
        conn = self.pool.connection(index, client)
        if conn is None:
            client.refuse(self.pool.refusal(index))
            return
        if not walker.canonical and not self.can_copy(walker):
            client.refuse(self.error(errno.ENOMEM))
            return
        request = client.ask(self.times[row])
        length = slab.weigh(at, at + walker.length)
        if walker.canonical:
            conn.outbox.add(slab, at, at + walker.length)
        else:
            written = holding(answers.request(walker.words(slab.buf, at, walker.count)))
            length = written.used
            conn.outbox.add(written, 0, length)
        conn.expect(request, length)
        send_on(conn, client)

    def route_line(self, client: Client, slab: Slab, start: int, end: int) -> None:
        """Route a request that somebody typed."""
        text = as_request(bytes(slab.buf[start:end]))
        if text:
            typed = holding(text)
            walker = RequestScanner()
            walker.advance(typed.buf, 0, typed.used)
            self.route(client, walker, typed, 0)
        else:
            client.ask_nothing()

    def route_slowly(
        self, client: Client, walker: RequestScanner, slab: Slab, at: int
    ) -> None:
        """Route what is not a plain request with one key, or answer it."""
        if not self.can_copy(walker):
            client.refuse(self.error(errno.ENOMEM))
            return
        args = walker.words(slab.buf, at, walker.count)
        row = self.catalogue.find(args)
        reply = self.catalogue.objection(args, row, client.authenticated)
        keys: list[int] = []
        if not reply:
            keys, reply = self.catalogue.keys(self.catalogue.rows[row], args)
        if reply:
            self.answer(client, reply)
            if is_foreign(args[0]):
                client.finish_reading()
            return
        command = self.catalogue.rows[row]
        if command.how == rule.LOCAL:
            began_us = monotonic_us()
            self.answer(client, self.local.answer(client, command, args))
            client.work(monotonic_us() - began_us)
        elif rule.SPLIT_VALUES <= command.how <= rule.SPLIT_PAIRS:
            self.splitter.split(client, walker, slab, at, row, command.how)
        elif command.how == rule.FANOUT:
            self.fanout.send(client, command, args)
        elif command.how == rule.ANY:
            self.forward(client, walker, slab, at, row, self.pool.place_nothing())
        else:
            self.route_together(client, walker, slab, at, row, keys)

    def can_copy(self, walker: RequestScanner) -> bool:
        """Tell whether the system has memory for the words of a request."""
        return copies_fit(walker.length + WORD_BYTES * walker.count)

    def route_together(
        self,
        client: Client,
        walker: RequestScanner,
        slab: Slab,
        at: int,
        row: int,
        keys: list[int],
    ) -> None:
        """Forward a request whose keys must all live on one server."""
        if not keys:
            self.forward(client, walker, slab, at, row, self.pool.place_nothing())
            return
        first = self.place(walker, slab, at, keys[0])
        if self.catalogue.scattered:
            for key in keys:
                if self.place(walker, slab, at, key) != first:
                    self.answer(client, answers.CROSS_SLOT)
                    return
        self.forward(client, walker, slab, at, row, first)

    def place(self, walker: RequestScanner, slab: Slab, at: int, key: int) -> int:
        """Return the server of argument `key`."""
        start = at + walker.spans[2 * key]
        return self.pool.place(slab.buf, start, at + walker.spans[2 * key + 1])

    def not_spoken(self, begun: bytes, text: str) -> bytes:
        """Return the last reply to who `begun` so with what is not the protocol."""
        return answers.protocol_error(text.encode("latin-1", "replace"))

    # From servers.

    def on_lost(self, conn: ServerConnection, error: int) -> None:
        """Ask another server what it speaks if it was this one we asked."""
        self.probe.on_lost(conn)

    def error_line(self, text: bytes) -> bytes:
        """Return `text` as an error line."""
        return answers.error(text)
