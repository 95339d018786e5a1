"""get, gets, gat and gats with many keys: one fragment per server, one response.

    get a b c d   ─┬▶ server 0: get a c ─▶ VALUE c, END          ─┬▶ VALUE b
                   └▶ server 1: get b d ─▶ VALUE b, VALUE d, END ─┘  VALUE c
                                                                     VALUE d, END

A value is recognised by its key, of which a hash is kept: so values leave in the
order of the keys also when some are missing, and a value that was not asked for
is found out before it reaches anybody.
"""

from array import array
from typing import Final

from twemproxy import limits
from twemproxy.net.outbox import Outbox
from twemproxy.net.slab import Slab
from twemproxy.proxy.chains import Chains
from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.request import Asker, Gather, Request, fail, request_of
from twemproxy.proxy.server import ServerConnection
from twemproxy.stats import slot
from twemproxy.wire import rule
from twemproxy.wire.memcache import answers
from twemproxy.wire.memcache.commands import COMMANDS
from twemproxy.wire.memcache.plain import ValueWalker, key_hash
from twemproxy.wire.memcache.request import RequestScanner, words_of
from twemproxy.wire.memcache.rewrite import prefix

MAX_SERVER_QUEUE_BYTES: Final = limits.MAX_SERVER_QUEUE_BYTES
MAX_LINE_BYTES: Final = limits.MAX_MEMCACHE_LINE_BYTES
MAX_TOUCH_BYTES: Final = limits.MAX_MEMCACHE_TOUCH_BYTES
ROOM: Final = 128  # keys that a `Values` has room for at least
MAX_SPARE: Final = 64
BLANK: Final = bytearray(b" ")
CRLF: Final = bytearray(b"\r\n")
END: Final = bytearray(answers.END)

_spare: Final[list["Values"]] = []  # those of `ROOM` keys wait for their next use


class Values(Gather):
    """The values of one request, found in the responses to its fragments.

    The keys of fragment `i` are `order[bounds[i]:bounds[i + 1]]`. `starts` and
    `ends` say where the value of each key lies in its fragment's response; an end
    of 0, beside a start of 0, means that it has none.
    """

    __slots__ = (
        "at",
        "bounds",
        "ends",
        "fragments",
        "hashes",
        "keys",
        "late",
        "order",
        "owners",
        "places",
        "starts",
    )

    late: dict[int, dict[int, list[int]]] | None

    def __init__(self, keys: int) -> None:
        """Have room for as many keys; `begin` before use."""
        self.hashes = array("q", bytes(8 * keys))
        self.starts = array("q", bytes(8 * keys))
        self.ends = array("q", bytes(8 * keys))
        self.places = array("i", bytes(4 * keys))  # the fragment of each key
        self.order = array("i", bytes(4 * keys))
        self.bounds = array("i", bytes(4 * (keys + 1)))

    def begin(self, keys: int) -> None:
        """Forget the last request; the next has as many keys."""
        self.failed = None
        self.pending = 0
        self.keys = keys
        self.owners: list[int] = []  # the server of each fragment
        self.fragments: list[Request] = []
        self.late = None  # see find_late
        self.at = 0  # in `order`: where `place` looks first

    def take(
        self, number: int, walker: ValueWalker, buf: bytearray, start: int, end: int
    ) -> bool:
        """Find the values in the response to a fragment; false if one is a stranger.

        The walker that has walked over it may know them already.
        """
        self.at = self.bounds[number]
        if walker.values:
            begin = 0
            for i in range(walker.values):
                if not self.place(number, walker.hashes[i], begin, walker.ends[i]):
                    return False
                begin = walker.ends[i]
            return True
        pos = start
        while walker.find_value(buf, pos, end):
            hash = key_hash(buf, walker.key, walker.key_end)  # noqa: A001 - its name
            if not self.place(number, hash, pos - start, walker.behind - start):
                return False
            pos = walker.behind
        return buf[pos] == 69  # 'E'

    def place(self, number: int, hash: int, start: int, end: int) -> bool:  # noqa: A002
        """Take down where the value of a key lies; false if nobody asked for it."""
        at = self.at
        stop = self.bounds[number + 1]
        while at < stop and self.hashes[self.order[at]] != hash:
            at += 1
        self.at = at + 1
        if at < stop:
            key = self.order[at]
        else:
            key = self.find_late(number, hash)
            if key < 0:
                return False
        self.starts[key] = start
        self.ends[key] = end
        return True

    def find_late(self, number: int, hash: int) -> int:  # noqa: A002 - its name
        """Return a key whose value comes out of order, -1 if nobody asked for it.

        memcached answers in the order of the keys, another proxy may not.
        """
        if self.late is None:
            self.late = {}
        late = self.late.get(number)
        if late is None:
            late = {}
            for at in range(self.bounds[number + 1] - 1, self.bounds[number] - 1, -1):
                key = self.order[at]
                if not self.ends[key]:
                    late.setdefault(self.hashes[key], []).append(key)
            self.late[number] = late
        keys = late.get(hash)
        return keys.pop() if keys else -1

    def merge(self, client: Asker) -> None:
        """Put the values in the order of the keys."""
        self.interleave(client.outbox)
        if len(self.places) == ROOM and len(_spare) < MAX_SPARE:
            self.fragments = []
            _spare.append(self)

    def interleave(self, outbox: Outbox) -> None:
        """Walk over the keys; values that lie side by side travel together."""
        count = self.keys
        key = 0
        while key < count:
            place = self.places[key]
            start = self.starts[key]
            end = self.ends[key]
            key += 1
            if not end:
                continue
            while key < count and self.places[key] == place and self.starts[key] == end:
                end = self.ends[key]
                key += 1
            fragment = self.fragments[place]
            reply = fragment.reply
            if reply is not None:
                outbox.add(reply, fragment.start + start, fragment.start + end)
        outbox.copy_in(END, 0, len(END))


def values_for(keys: int) -> Values:
    """Return an object for as many keys, a used one if there is."""
    values = _spare.pop() if keys <= ROOM and _spare else Values(max(keys, ROOM))
    values.begin(keys)
    return values


class Splitter:
    """Splits the requests of one pool, one at a time.

    The request that is being split begins `at` so many bytes into its slab, and
    its word `first` is its first key.
    """

    __slots__ = ("at", "chains", "first", "pool", "starts")

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
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
                words = words_of(walker, slab.buf, at, first)
                start = bytearray(prefix(command, words))
            self.send(client, walker, slab, keys, start)
        else:
            client.refuse(self.pool.refusal(-1))
        chains.end()

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
            fragment.expects = rule.VALUES
            fragment.wanted = number
            gather.fragments.append(fragment)
            conn = self.pool.connection(server, client)
            if conn is None:
                failures.append((fragment, self.pool.refusal(server)))
            else:
                self.write(conn, fragment, gather, walker, slab, start)
                if conn.outbox.pending > MAX_SERVER_QUEUE_BYTES:
                    conn.hold_back(client)
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
        outbox.copy_in(start, 0, len(start))
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
        conn.expect(fragment, outbox.pending - before)
        conn.send_later()

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
