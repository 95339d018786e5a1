"""Requests with many keys: one fragment per server, one reply.

    MGET a b c d   ─┬▶ server 0: mget a c ─┬▶ *4 a b c d
                    └▶ server 1: mget b d ─┘

The keys of a server are chained in request order through `following`; runs of
neighbours travel as one piece. All scratch space is kept between requests.
"""

from array import array
from typing import Final

from twemproxy import limits
from twemproxy.net.outbox import Outbox
from twemproxy.net.slab import Slab, holding, permanent
from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.request import Asker, Gather, Request, fail, request_of
from twemproxy.proxy.server import ServerConnection
from twemproxy.stats import slot
from twemproxy.wire import expect, rule
from twemproxy.wire.redis import answers
from twemproxy.wire.redis.commands import COMMANDS, Command
from twemproxy.wire.redis.merge import after_line, after_value, integer
from twemproxy.wire.redis.request import RequestScanner

MAX_KEY_BYTES: Final = limits.MAX_KEY_BYTES
MAX_SERVER_QUEUE_BYTES: Final = limits.MAX_SERVER_QUEUE_BYTES
ARRAY: Final = 42  # '*'
BULK: Final = 36  # '$'
NOTHING: Final = permanent(b"")
KEPT_KEYS: Final = 4096  # scratch space for more keys is not kept
FEW_WORDS: Final = 34  # requests with fewer words begin with text that is kept


class Values(Gather):
    """Strings in the order of the keys: MGET.

    `places` tells for each key, in two bytes, the number of its fragment.
    """

    __slots__ = ("fragments", "places")

    fragments: list[Request]
    places: bytearray

    def merge(self, client: Asker) -> None:
        """Interleave the fragments' values."""
        self.interleave(client.outbox)

    def interleave(self, outbox: Outbox) -> None:
        """Walk over the keys; the values of neighbours travel together."""
        places = self.places
        last = len(places)
        outbox.say_number(ARRAY, last // 2)
        for fragment in self.fragments:
            if fragment.reply is not None:
                fragment.start = after_line(fragment.reply.buf, fragment.start)
        i = 0
        while i < last:
            low = places[i]
            high = places[i + 1]
            fragment = self.fragments[low + 256 * high]
            reply = fragment.reply
            if reply is None:
                return
            start = fragment.start
            end = start
            while i < last and places[i] == low and places[i + 1] == high:
                end = after_value(reply.buf, end, fragment.end)
                i += 2
            outbox.add(reply, start, end)
            fragment.start = end


class Count(Gather):
    """The sum of all integers: DEL, UNLINK, TOUCH, EXISTS."""

    __slots__ = ("fragments",)

    fragments: list[Request]

    def merge(self, client: Asker) -> None:
        """Add up."""
        total = self.total()
        client.outbox.say(answers.integer(total))

    def total(self) -> int:
        """Return the sum of what the fragments answered."""
        total = 0
        for fragment in self.fragments:
            if fragment.reply is not None:
                total += integer(fragment.reply.buf, fragment.start)
        return total


class Status(Gather):
    """One OK for all: MSET."""

    __slots__ = ()

    def merge(self, client: Asker) -> None:
        """Every fragment said OK, or there would be a failure."""
        client.outbox.say(answers.OK)


def heads_of(command: Command) -> list[bytearray]:
    """Return what requests begin with, by their number of words; the first by none.

    The first lacks the line that tells the number, for those that have more words.
    """
    if not rule.SPLIT_VALUES <= command.how <= rule.SPLIT_PAIRS:
        return []
    name = b"$%d\r\n%b\r\n" % (len(command.name), command.name)
    lines = [b""] + [b"*%d\r\n" % words for words in range(1, FEW_WORDS)]
    return [bytearray(line + name) for line in lines]


HEADS: Final = [heads_of(command) for command in COMMANDS]


class Splitter:
    """Splits the requests of one pool. Its scratch space serves one at a time."""

    __slots__ = (
        "at",
        "first",
        "following",
        "how",
        "last",
        "lengths",
        "max_keys",
        "owners",
        "places",
        "pool",
        "room",
        "row",
        "slab",
        "too_long",
        "walker",
    )

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.max_keys = pool.config.max_request_keys
        servers = len(pool.config.servers)
        self.first = array("i", bytes(4 * servers))
        self.last = array("i", bytes(4 * servers))
        self.lengths = array("i", bytes(4 * servers))
        self.places = array("i", bytes(4 * servers))
        self.too_long = 0  # length of the key that is longer than keys may be
        self.set_room(64)

    def set_room(self, keys: int) -> None:
        """Have scratch space for as many keys."""
        self.room = keys
        self.owners = array("i", bytes(4 * keys))
        self.following = array("i", bytes(4 * keys))

    def split(
        self,
        client: Client,
        walker: RequestScanner,
        slab: Slab,
        at: int,
        row: int,
        how: int,
    ) -> None:
        """Send the keys of one request to their servers; `how` is the row's."""
        self.walker = walker
        self.slab = slab
        self.at = at
        self.row = row
        self.how = how
        step = 2 if how == rule.SPLIT_PAIRS else 1
        words = walker.count - 1
        keys = words // step
        if words % step:
            client.say(holding(answers.wrong_arity(COMMANDS[row].name)))
            return
        if keys > self.max_keys:
            client.say(holding(answers.too_many_keys(keys, self.max_keys)))
            return
        if keys > self.room:
            self.set_room(2 * keys)
        if self.chain(keys, step):
            self.send(client, keys)
        elif self.too_long:
            client.say(holding(answers.key_too_long(self.too_long, MAX_KEY_BYTES)))
        else:
            client.refuse(self.pool.refusal(-1))
        self.slab = NOTHING
        if self.room > KEPT_KEYS:
            self.set_room(64)

    def chain(self, keys: int, step: int) -> bool:
        """Chain the keys of each server; false when a key has no server."""
        spans = self.walker.spans
        buf = self.slab.buf
        at = self.at
        servers = len(self.pool.servers)
        self.too_long = 0
        for server in range(servers):
            self.first[server] = -1
            self.lengths[server] = 0
        for key in range(keys):
            arg = 2 * (1 + key * step)
            if spans[arg + 1] - spans[arg] > MAX_KEY_BYTES:
                self.too_long = spans[arg + 1] - spans[arg]
                return False
            server = self.pool.place(buf, at + spans[arg], at + spans[arg + 1])
            if server < 0:
                return False
            self.owners[key] = server
            self.following[key] = -1
            if self.first[server] < 0:
                self.first[server] = key
            else:
                self.following[self.last[server]] = key
            self.last[server] = key
            self.lengths[server] += 1
        return True

    def send(self, client: Client, keys: int) -> None:
        """Make a fragment for each server that owns a key."""
        whole = client.ask(slot.SPLIT_TIMES)
        fragments: list[Request] = []
        failures: list[tuple[Request, Slab]] = []
        servers = len(self.pool.servers)
        for server in range(servers):
            if self.first[server] < 0:
                continue
            self.places[server] = len(fragments)
            fragment = request_of(client, whole, client.reactor.now_us)
            fragments.append(fragment)
            conn = self.pool.connection(server, client)
            if conn is None:
                failures.append((fragment, self.pool.refusal(server)))
            else:
                self.write(conn, fragment, server)
                if conn.outbox.pending > MAX_SERVER_QUEUE_BYTES:
                    conn.hold_back(client)
        whole.gather = self.gather(keys, fragments)
        whole.gather.pending = len(fragments)
        self.pool.counters.add(slot.FRAGMENTS, len(fragments))
        for fragment, reply in failures:
            fail(fragment, reply)

    def gather(self, keys: int, fragments: list[Request]) -> Gather:
        """Return what makes one reply of the fragments' replies."""
        if self.how == rule.SPLIT_VALUES:
            values = Values.__new__(Values)
            values.failed = None
            values.fragments = fragments
            places = bytearray(2 * keys)
            for key in range(keys):
                place = self.places[self.owners[key]]
                places[2 * key] = place & 0xFF
                places[2 * key + 1] = place >> 8
            values.places = places
            return values
        if self.how == rule.SPLIT_COUNT:
            count = Count.__new__(Count)
            count.failed = None
            count.fragments = fragments
            return count
        return Status()

    def write(self, conn: ServerConnection, fragment: Request, server: int) -> None:
        """Write the request that asks one server for its keys."""
        how = self.how
        step = 2 if how == rule.SPLIT_PAIRS else 1
        outbox = conn.outbox
        before = outbox.pending
        count = self.lengths[server]
        self.write_head(outbox, 1 + count * step)
        key = self.first[server]
        while key >= 0:
            end = key + 1
            while self.following[end - 1] == end:
                end += 1
            self.write_run(outbox, 1 + key * step, 1 + end * step)
            key = self.following[end - 1]
        if how == rule.SPLIT_VALUES:
            fragment.expects = expect.VALUES
        elif how == rule.SPLIT_COUNT:
            fragment.expects = expect.COUNT
        else:
            fragment.expects = expect.STATUS
        fragment.wanted = count
        length = outbox.pending - before
        if step > 1:
            length += self.counted_twice(server)
        conn.expect(fragment, length)
        conn.send_later()

    def write_head(self, outbox: Outbox, words: int) -> None:
        """Write the number of words and the first one, the name."""
        heads = HEADS[self.row]
        if words < FEW_WORDS:
            head = heads[words]
        else:
            head = heads[0]
            outbox.say_number(ARRAY, words)
        outbox.copy_in(head, 0, len(head))

    def counted_twice(self, server: int) -> int:
        """Return by how much the C program's `request_bytes` exceeds the truth.

        It counts the values of MSET twice, but for the last value of the request;
        people compare the two programs' numbers, so ours agree.
        """
        walker = self.walker
        excess = 0
        key = self.first[server]
        while key >= 0:
            value = 2 * (2 + 2 * key)
            if value < 2 * (walker.count - 1):
                excess += walker.spans[value + 1] - walker.spans[value - 1]
            key = self.following[key]
        return excess

    def write_run(self, outbox: Outbox, first: int, last: int) -> None:
        """Write arguments `first` to `last`, the latter excluded."""
        walker = self.walker
        at = self.at
        if walker.canonical:
            start = at + walker.spans[2 * first - 1] + 2
            outbox.add(self.slab, start, at + walker.spans[2 * last - 1] + 2)
            return
        for arg in range(first, last):
            start = at + walker.spans[2 * arg]
            end = at + walker.spans[2 * arg + 1]
            outbox.say_number(BULK, end - start)
            outbox.add(self.slab, start, end + 2)
