"""What requests for all servers of a pool have in common. Cold."""

from twemproxy import limits
from twemproxy.net.slab import Slab
from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.request import Request, fail
from twemproxy.proxy.sending import send_on


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


def reply_of(
    fragment: Request, otherwise: bytes, most: int = limits.MAX_REPLY_BYTES
) -> bytes:
    """Return the reply to a fragment, or `most` bytes of it; `otherwise` if none."""
    if fragment.reply is None:
        return otherwise
    end = min(fragment.end, fragment.start + most)
    return bytes(fragment.reply.buf[fragment.start : end])
