"""Requests with many keys: one fragment per server, one reply.

    MGET a b c d   ─┬▶ server 0: mget a c ─┬▶ *4 a b c d
                    └▶ server 1: mget b d ─┘

The keys of a server are chained in request order. All scratch space is kept between
requests.
"""

from array import array
from typing import Final

from twemproxy import limits
from twemproxy.net.outbox import Outbox
from twemproxy.net.slab import Slab, holding, permanent
from twemproxy.proxy.chains import Chains
from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.request import Asker, Gather, Request, fail, request_of
from twemproxy.proxy.sending import send_on
from twemproxy.proxy.server_connection import ServerConnection
from twemproxy.stats import slot
from twemproxy.wire import expect, rule
from twemproxy.wire.redis import answers
from twemproxy.wire.redis.commands import COMMANDS, Command
from twemproxy.wire.redis.merge import after_line, integer
from twemproxy.wire.redis.request import RequestScanner
from twemproxy.wire.redis.weave import weaver_of

MAX_KEY_BYTES: Final = limits.MAX_KEY_BYTES
ARRAY: Final = 42  # '*'
BULK: Final = 36  # '$'
NOTHING: Final = permanent(b"")
COPIED: Final = 2048  # a longer request to a server refers to its long values;
COPIED_KEYS: Final = 16384  # one that has no values, to its keys
SHORT: Final = 1024  # longer values are sent from where they are
FEW_WORDS: Final = 34  # requests with fewer words begin with text that is kept
MBUF_HEAD: Final = 48  # bytes that the C program takes of each receive block


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
        """Copy short values in the order of the keys, and refer to long ones."""
        count = len(self.places) // 2
        outbox.say_number(ARRAY, count)
        weaver = weaver_of(self.places, len(self.fragments))
        for place in range(len(self.fragments)):
            fragment = self.fragments[place]
            reply = fragment.reply
            if reply is None:
                return
            weaver.put(
                place, reply.buf, after_line(reply.buf, fragment.start), fragment.end
            )
        while weaver.taken < count:
            chunk = outbox.reserve(SHORT)
            at = chunk.used
            chunk.used = weaver.fill(chunk.buf, at, SHORT)
            outbox.extend(at, chunk.used - at)
            if chunk.used == at:
                end = weaver.skip()
                fragment = self.fragments[weaver.place]
                if fragment.reply is not None:
                    outbox.add(fragment.reply, weaver.start, end)


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


def block_of(start: int, end: int, begin: int, block: int) -> int:
    """Return where the C program's receive block begins that has a length or a key.

    It lies from `start` to behind its CR, the `end`, and an earlier block begins at
    `begin`. What does not fit into the rest of a block is moved to the next one.
    """
    if start - begin >= block:
        begin += (start - begin) // block * block
    return start if end > begin + block else begin


class Splitter:
    """Splits the requests of one pool, one at a time.

    The request that is being split begins `at` so many bytes into its slab.
    """

    __slots__ = (
        "at",
        "chains",
        "excess",
        "how",
        "max_keys",
        "pool",
        "row",
        "slab",
        "walker",
    )

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.max_keys = pool.config.max_request_keys
        self.chains = Chains(pool)
        self.excess = array("q", bytes(8 * len(pool.config.servers)))

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
        chains = self.chains
        chains.begin(walker.spans, slab.buf, at, keys)
        linked = chains.link(1, step, MAX_KEY_BYTES)
        if linked == keys:
            self.send(client)
        else:
            self.refuse(client, 1 + linked * step)
        self.slab = NOTHING
        chains.end()

    def refuse(self, client: Client, word: int) -> None:
        """Say what is wrong with the key that is this word, or with its servers."""
        length = self.walker.spans[2 * word + 1] - self.walker.spans[2 * word]
        if length > MAX_KEY_BYTES:
            client.say(holding(answers.key_too_long(length, MAX_KEY_BYTES)))
        else:
            client.refuse(self.pool.refusal(-1))

    def send(self, client: Client) -> None:
        """Make a fragment for each server that owns a key."""
        whole = client.ask(slot.SPLIT_TIMES)
        fragments: list[Request] = []
        failures: list[tuple[Request, Slab]] = []
        chains = self.chains
        if self.how == rule.SPLIT_PAIRS:
            self.count_twice()
        for server in range(len(self.pool.servers)):
            if chains.first[server] < 0:
                continue
            chains.numbers[server] = len(fragments)
            fragment = request_of(client, whole, client.reactor.now_us)
            fragments.append(fragment)
            conn = self.pool.connection(server, client)
            if conn is None:
                failures.append((fragment, self.pool.refusal(server)))
            else:
                self.write(conn, fragment, server)
                send_on(conn, client)
        whole.gather = self.gather(fragments)
        whole.gather.pending = len(fragments)
        self.pool.counters.add(slot.FRAGMENTS, len(fragments))
        for fragment, reply in failures:
            fail(fragment, reply)

    def gather(self, fragments: list[Request]) -> Gather:
        """Return what makes one reply of the fragments' replies."""
        if self.how == rule.SPLIT_VALUES:
            values = Values.__new__(Values)
            values.failed = None
            values.fragments = fragments
            values.places = self.chains.places()
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
        count = self.chains.lengths[server]
        self.write_head(outbox, 1 + count * step)
        self.write_keys(outbox, server, step)
        if how == rule.SPLIT_VALUES:
            fragment.expects = expect.VALUES
        elif how == rule.SPLIT_COUNT:
            fragment.expects = expect.COUNT
        else:
            fragment.expects = expect.STATUS
        fragment.wanted = count
        length = outbox.pending - before
        if step > 1:
            length += self.excess[server]
        conn.expect(fragment, length)

    def write_head(self, outbox: Outbox, words: int) -> None:
        """Write the number of words and the first one, the name."""
        heads = HEADS[self.row]
        if words < FEW_WORDS:
            head = heads[words]
        else:
            head = heads[0]
            outbox.say_number(ARRAY, words)
        outbox.copy_in(head, 0, len(head))

    def write_keys(self, outbox: Outbox, server: int, step: int) -> None:
        """Write the keys of one server, and the values that follow them."""
        chains = self.chains
        walker = self.walker
        if walker.canonical:
            most = COPIED if step > 1 else COPIED_KEYS
            chunk = outbox.reserve(min(walker.length, most))
            at = chunk.used
            end = chains.copy(server, chunk.buf, at)
            if end >= 0:
                chunk.used = end
                outbox.extend(at, end - at)
                return
        key = chains.first[server]
        while key >= 0:
            self.write_run(outbox, 1 + key * step, 1 + key * step + step)
            key = chains.following[key]

    def count_twice(self) -> None:
        """Learn by how much the C program's `request_bytes` exceeds the truth.

        Of each value of MSET but the last of the request it counts twice what it
        copies: what lies in the receive block in which the value ends. People compare
        the two programs' numbers, so ours agree.
        """
        walker = self.walker
        chains = self.chains
        for server in range(len(self.excess)):
            self.excess[server] = 0
        block = self.pool.process.mbuf_bytes - MBUF_HEAD
        begin = 0  # of a receive block
        for key in range(chains.keys - 1):
            at = 4 * key + 2  # of the key in `spans`; its value is behind it
            start, end = walker.spans[at], walker.spans[at + 1]
            begin = block_of(walker.spans[at - 1] + 2, start - 1, begin, block)
            begin = block_of(start, end + 1, begin, block)
            start, end = end + 2, walker.spans[at + 3] + 2
            begin = block_of(start, walker.spans[at + 2] - 1, begin, block)
            begin = block_of(end, walker.spans[at + 4] - 1, begin, block)
            self.excess[chains.owners[key]] += end - max(start, begin)

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
