"""What requests for all servers of a pool have in common. Cold."""

from collections.abc import Sequence

from twemproxy import limits
from twemproxy.net.slab import Slab, holding
from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.request import Gather, Request, fail, request_of
from twemproxy.proxy.sending import send_on
from twemproxy.proxy.server import Server
from twemproxy.stats import slot
from twemproxy.wire import expect


class Everywhere(Gather):
    """The replies of several servers to the same request, to be made one.

    `ask_all` makes the fragments, one for each server in their order; `otherwise` is
    the protocol's word for a reply that there is none of.
    """

    otherwise = b""

    def __init__(self, expects: int = expect.ANYTHING, aside: bool = False) -> None:
        """Wait for replies of a kind; `aside` is as for `ask_server`."""
        Gather.__init__(self)
        self.expects = expects
        self.wanted = 0  # as of a request
        self.aside = aside
        self.fragments: list[Request] = []

    def replies(self) -> list[bytes]:
        """Return what each server said."""
        return [reply_of(one, self.otherwise) for one in self.fragments]


def ask_all(
    pool: Pool,
    client: Client,
    servers: Sequence[Server],
    text: bytes,
    gather: Everywhere,
) -> None:
    """Ask servers the same, and let `gather` answer the client; refuse without any."""
    if not servers:
        client.refuse(pool.refusal(-1))
        return
    whole = client.ask(slot.FANOUT_TIMES)
    whole.gather = gather
    now_us = client.reactor.now_us
    gather.fragments = [request_of(client, whole, now_us) for _ in servers]
    gather.pending = len(servers)
    pool.counters.add(slot.FRAGMENTS, len(servers))
    slab = holding(text)
    for server, fragment in zip(servers, gather.fragments, strict=True):
        fragment.expects = gather.expects
        fragment.wanted = gather.wanted
        ask_server(pool, client, fragment, slab, server, gather.aside)


def ask_server(
    pool: Pool,
    client: Client,
    fragment: Request,
    text: Slab,
    server: Server,
    aside: bool = False,
) -> None:
    """Send a fragment to a server, or let it fail.

    One that cannot wait for what others have asked there goes `aside` of it.
    """
    if aside:
        conn = server.open_aside(client.resp3)
    else:
        conn = pool.connection(server.index, client)
    if conn is None:
        fail(fragment, pool.refusal(server.index))
        return
    conn.outbox.add(text, 0, text.used)
    conn.expect(fragment, text.used)
    send_on(conn, client)


def reply_of(
    fragment: Request, otherwise: bytes, most: int = limits.MAX_REPLY_BYTES
) -> bytes:
    """Return the reply to a fragment, or `most` bytes of it; `otherwise` if none."""
    if fragment.reply is None:
        return otherwise
    end = min(fragment.end, fragment.start + most)
    return bytes(fragment.reply.buf[fragment.start : end])
