"""get, gets, gat and gats with many keys: one fragment per server, one response.

    get a b c d   ─┬▶ server 0: get a c ─▶ VALUE c, END          ─┬▶ VALUE b
                   └▶ server 1: get b d ─▶ VALUE b, VALUE d, END ─┘  VALUE c
                                                                     VALUE d, END

How the values become one response again: see `memcache_values`.
"""

from typing import Final

from twemproxy import limits
from twemproxy.net.outbox import Outbox
from twemproxy.net.slab import Slab
from twemproxy.proxy.chains import Chains
from twemproxy.proxy.client import Client
from twemproxy.proxy.memcache_joint import continue_line, end_line, may_join
from twemproxy.proxy.memcache_values import Values, values_for
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.request import Request, fail, request_of
from twemproxy.proxy.sending import send_on
from twemproxy.proxy.server_connection import ServerConnection
from twemproxy.stats import slot
from twemproxy.wire.memcache import due
from twemproxy.wire.memcache.commands import COMMANDS
from twemproxy.wire.memcache.plain import key_hash
from twemproxy.wire.memcache.request import RequestScanner
from twemproxy.wire.memcache.rewrite import prefix

MAX_LINE_BYTES: Final = limits.MAX_MEMCACHE_LINE_BYTES
MAX_TOUCH_BYTES: Final = limits.MAX_MEMCACHE_TOUCH_BYTES
BLANK: Final = bytearray(b" ")
CRLF: Final = bytearray(b"\r\n")


class Splitter:
    """Splits the requests of one pool, one at a time.

    The request that is being split begins `at` so many bytes into its slab, and
    its word `first` is its first key.
    """

    __slots__ = ("at", "chains", "first", "joins", "pool", "starts")

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.joins = pool.config.join_gets
        self.chains = Chains(pool)
        self.at = 0
        self.first = 0
        self.starts = [bytearray(prefix(row, [row.name])) for row in COMMANDS]

    def split(
        self, client: Client, walker: RequestScanner, slab: Slab, at: int
    ) -> None:
        """Send the keys of one request to their servers."""
        command = COMMANDS[walker.row]
        first = command.first
        self.at = at
        self.first = first
        keys = walker.count - first
        chains = self.chains
        chains.begin(walker.spans, slab.buf, at, keys)
        if chains.link(first, 1, MAX_LINE_BYTES) == keys:
            start = self.starts[walker.row]
            if first > 1:
                words = walker.words(slab.buf, at, first)
                start = bytearray(prefix(command, words))
            self.send(client, walker, slab, keys, start)
        else:
            client.refuse(self.pool.refusal(-1))
        chains.end()

    def shares(self, conn: ServerConnection, row: int) -> bool:
        """Tell whether a request of this command may share a line to a server now."""
        return self.joins and may_join(conn, row)

    def send(
        self,
        client: Client,
        walker: RequestScanner,
        slab: Slab,
        keys: int,
        start: bytearray,
    ) -> None:
        """Make a fragment for each server that owns a key, or several."""
        whole = client.ask(slot.SPLIT_TIMES)
        gather = self.gather(walker, slab.buf, keys, len(start))
        whole.gather = gather
        count = len(gather.owners)
        gather.pending = count
        self.pool.counters.add(slot.FRAGMENTS, count)
        failures: list[tuple[Request, Slab]] = []
        for number in range(count):
            server = gather.owners[number]
            fragment = request_of(client, whole, client.reactor.now_us)
            fragment.expects = due.VALUES
            fragment.wanted = number
            gather.fragments.append(fragment)
            conn = self.pool.connection(server, client)
            if conn is None:
                failures.append((fragment, self.pool.refusal(server)))
            else:
                self.write(conn, fragment, gather, walker, slab, start)
                send_on(conn, client)
        for fragment, reply in failures:
            fail(fragment, reply)

    def gather(
        self, walker: RequestScanner, buf: bytearray, keys: int, prefix_bytes: int
    ) -> Values:
        """Return what makes one response of the fragments' responses.

        A server gets one fragment, but of gat and gats as many as keep its line
        below the length at which memcached hangs up.
        """
        at = self.at
        first = self.first
        chains = self.chains
        spans = walker.spans
        gather = values_for(keys)
        number = 0
        place = 0
        for server in range(len(self.pool.servers)):
            key = chains.first[server]
            length = MAX_LINE_BYTES
            while key >= 0:
                word = 2 * (first + key)
                begin = at + spans[word]
                end = at + spans[word + 1]
                length += end - begin + 1
                if length > MAX_LINE_BYTES or (first > 1 and length > MAX_TOUCH_BYTES):
                    gather.owners.append(server)
                    gather.bounds[number] = place
                    number += 1
                    length = prefix_bytes + end - begin + 3
                gather.hashes[key] = key_hash(buf, begin, end)
                gather.starts[key] = 0
                gather.ends[key] = 0
                gather.places[key] = number - 1
                gather.order[place] = key
                place += 1
                key = chains.following[key]
        gather.bounds[number] = place
        return gather

    def write(
        self,
        conn: ServerConnection,
        fragment: Request,
        gather: Values,
        walker: RequestScanner,
        slab: Slab,
        start: bytearray,
    ) -> None:
        """Write the line that asks one server for its keys."""
        first = self.first
        order = gather.order
        outbox = conn.outbox
        before = outbox.pending
        shares = self.shares(conn, walker.row)
        if not shares or not continue_line(conn, fragment, gather):
            outbox.copy_in(start, 0, len(start))
        first_key = outbox.pending
        at = gather.bounds[fragment.wanted]
        stop = gather.bounds[fragment.wanted + 1]
        while at < stop:
            begin = order[at]
            end = begin + 1
            at += 1
            while at < stop and order[at] == end:  # neighbours travel as one piece
                end += 1
                at += 1
            self.write_run(outbox, walker, slab, first + begin, first + end)
        outbox.copy_in(CRLF, 0, 2)
        if shares:
            end_line(conn, outbox.pending - before, gather.width(fragment.wanted))
        conn.expect(fragment, len(start) + outbox.pending - first_key)

    def write_run(
        self,
        outbox: Outbox,
        walker: RequestScanner,
        slab: Slab,
        begin: int,
        end: int,
    ) -> None:
        """Write words `begin` to `end`, the latter excluded, a blank behind each."""
        at = self.at
        spans = walker.spans
        if walker.canonical and end < walker.count:
            outbox.add(slab, at + spans[2 * begin], at + spans[2 * end - 1] + 1)
        elif walker.canonical:
            outbox.add(slab, at + spans[2 * begin], at + spans[2 * end - 1])
            outbox.copy_in(BLANK, 0, 1)
        else:
            for word in range(begin, end):
                outbox.add(slab, at + spans[2 * word], at + spans[2 * word + 1])
                outbox.copy_in(BLANK, 0, 1)
