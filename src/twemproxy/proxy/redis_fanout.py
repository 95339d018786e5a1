"""Requests for all servers of a pool: one fragment per live server, one reply.

    DBSIZE ─┬▶ server 0: 7 ─┬▶ 12
            └▶ server 1: 5 ─┘

SCAN asks one server at a time. Its cursor names the server too: with n servers,
cursor c of server i is c * n + i for the client, and when server i is done the
cursor goes on with i + 1, the start of the next one. Servers that are ejected are
skipped, as they are for keys.
"""

import os
from typing import Final

from twemproxy import limits
from twemproxy.net.outbox import Outbox
from twemproxy.net.slab import holding
from twemproxy.proxy.client import Client
from twemproxy.proxy.fanout import Everywhere, ask_all, ask_server, reply_of
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.request import Asker, Gather, Request, request_of
from twemproxy.stats import slot
from twemproxy.wire import expect, rule
from twemproxy.wire.redis import answers
from twemproxy.wire.redis.commands import Command
from twemproxy.wire.redis.commands.row import BLOCKS
from twemproxy.wire.redis.fence import fence
from twemproxy.wire.redis.numbers import MAX_CURSOR, cursor, is_integer
from twemproxy.wire.redis.parts import (
    HEAD_BYTES,
    MERGES,
    cursor_of,
    is_error,
    joined,
)

NUMBER_BYTES: Final = 7  # of a fence: more than anybody can guess
BAD_CURSOR: Final = answers.error(b"invalid cursor")
CURSOR_TOO_LARGE: Final = answers.error(
    b"a server's cursor is too large to add the server to it"
)
ABOUT_SCRIPTS: Final = (rule.ONE_OK, rule.RUNNING)  # what cannot wait for one to end
TOO_LONG: Final = b"without a timeout of 1 to %d ms %b" % (limits.MAX_WAIT_MS, BLOCKS)


class Merged(Everywhere):
    """The replies of all servers, merged as a row says."""

    otherwise = answers.UNEXPECTED

    def __init__(self, merge: int) -> None:
        """Merge the replies as the row's `merge` says."""
        Everywhere.__init__(self, aside=merge in ABOUT_SCRIPTS)
        self.how = merge

    def forgives(self) -> bool:
        """Let one success be enough for some."""
        return self.how == rule.ONE_OK and not all(map(is_error, self.replies()))

    def conclude(self, client: Asker) -> None:
        """Merge; an error counts as a failure unless one success is enough."""
        if self.failed is not None and not self.forgives():
            Gather.conclude(self, client)
            return
        if self.how == rule.CONCAT:
            self.join(client.outbox)
            return
        replies = self.replies()
        if self.how == rule.RANDOM:
            replies.sort(key=lambda _: os.urandom(4))  # any order
        for piece in MERGES[self.how](replies):
            client.outbox.say(piece)

    def join(self, outbox: Outbox) -> None:
        """Send arrays one after the other, from where they were received."""
        heads = [head_of(one) for one in self.fragments]
        line, offsets = joined(heads)
        outbox.say(line)
        for fragment, offset in zip(self.fragments, offsets, strict=False):
            say_rest(outbox, fragment, offset)


class Step(Gather):
    """One step of a SCAN over all servers."""

    def __init__(self, fragment: Request, index: int, servers: int) -> None:
        """Make one cursor of the server's own and of its `index`."""
        Gather.__init__(self)
        self.fragment = fragment
        self.index = index
        self.servers = servers
        self.pending = 1

    def merge(self, client: Asker) -> None:
        """Replace the cursor in the reply."""
        own, rest = cursor_of(head_of(self.fragment))
        if own < 0:
            client.outbox.say(answers.UNEXPECTED)
            return
        following = (self.index + 1) % self.servers
        number = own * self.servers + self.index if own else following
        if number > MAX_CURSOR:
            client.outbox.say(CURSOR_TOO_LARGE)
            return
        client.outbox.say(b"*2\r\n" + answers.bulk(b"%d" % number))
        say_rest(client.outbox, self.fragment, rest)


class Fanout:
    """Sends the requests of one pool that concern all its servers."""

    def __init__(self, pool: Pool) -> None:
        """Serve `pool`."""
        self.pool = pool

    def send(self, client: Client, command: Command, args: list[bytes]) -> None:
        """Send one request where it belongs."""
        if command.flags & rule.BLOCKING and blocks(args):
            client.say(holding(answers.refused(command.name, TOO_LONG)))
        elif command.merge == rule.CURSOR:
            self.scan(client, args)
        else:
            self.everywhere(client, command, args)

    def everywhere(self, client: Client, command: Command, args: list[bytes]) -> None:
        """Ask every live server."""
        text = answers.request(args)
        gather = Merged(command.merge)
        if command.flags & rule.CODE:
            gather.expects = expect.FENCED
            gather.wanted = some_number()
            text += fence(gather.wanted)
        ask_all(self.pool, client, self.pool.live_servers(), text, gather)

    def scan(self, client: Client, args: list[bytes]) -> None:
        """Ask the server that the cursor names, or the next live one."""
        number = cursor(args[1])
        if number < 0:
            client.say(holding(BAD_CURSOR))
            return
        count = len(self.pool.servers)
        own, index = divmod(number, count)
        live = [one for one in self.pool.live_servers() if one.index >= index]
        if not live:
            client.say(holding(b"*2\r\n$1\r\n0\r\n*0\r\n"))
            return
        server = live[0]
        if server.index != index:
            own = 0
        whole = client.ask(slot.FANOUT_TIMES)
        fragment = request_of(client, whole, client.reactor.now_us)
        whole.gather = Step(fragment, server.index, count)
        text = holding(answers.request([args[0], b"%d" % own, *args[2:]]))
        ask_server(self.pool, client, fragment, text, server)


def some_number() -> int:
    """Return a number that nobody can guess, always of as many digits."""
    return int.from_bytes(os.urandom(NUMBER_BYTES)) | 1 << 8 * NUMBER_BYTES


def head_of(fragment: Request) -> bytes:
    """Return the beginning of the reply to a fragment."""
    return reply_of(fragment, answers.UNEXPECTED, HEAD_BYTES)


def say_rest(outbox: Outbox, fragment: Request, offset: int) -> None:
    """Send the reply to a fragment from an offset on, without a copy if it is long."""
    if fragment.reply is not None:
        outbox.add(fragment.reply, fragment.start + offset, fragment.end)


def blocks(args: list[bytes]) -> bool:
    """Tell whether a WAIT or WAITAOF may hold up other clients for long."""
    if not all(is_integer(arg) for arg in args[1:]):
        return False  # it is an error, at once
    timeout_ms = int(args[-1])
    wanted = any(int(arg) > 0 for arg in args[1:-1])
    return wanted and not 0 < timeout_ms <= limits.MAX_WAIT_MS
