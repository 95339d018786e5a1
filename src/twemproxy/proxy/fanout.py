"""What requests for all servers of a pool have in common. Cold."""

from twemproxy import limits
from twemproxy.net.slab import Slab
from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.request import Request, fail
from twemproxy.proxy.server import ServerConnection


def ask_server(
    pool: Pool, client: Client, fragment: Request, text: Slab, index: int
) -> None:
    """Send a fragment to server `index`, or let it fail."""
    conn = pool.connection(index, client)
    if conn is None:
        fail(fragment, pool.refusal(index))
        return
    conn.outbox.add(text, 0, text.used)
    conn.expect(fragment, text.used)
    send_on(conn, client)


def send_on(conn: ServerConnection, client: Client) -> None:
    """Send what has been written, and do not read on when that is too much."""
    conn.send_later()
    if conn.outbox.pending > limits.MAX_SERVER_QUEUE_BYTES:
        conn.hold_back(client)


def reply_of(fragment: Request, otherwise: bytes) -> bytes:
    """Return the reply to a fragment, `otherwise` if it has none."""
    if fragment.reply is None:
        return otherwise
    return bytes(fragment.reply.buf[fragment.start : fragment.end])
