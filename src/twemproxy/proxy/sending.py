"""The last step of every request: its bytes are on their way, unless too many wait."""

from typing import Final

from twemproxy import limits
from twemproxy.proxy.client import Client
from twemproxy.proxy.server_connection import ServerConnection

MAX_SERVER_QUEUE_BYTES: Final = limits.MAX_SERVER_QUEUE_BYTES


def send_on(conn: ServerConnection, client: Client) -> None:
    """Send what has been written, and do not read on when that is too much."""
    conn.send_later()
    if conn.outbox.pending > MAX_SERVER_QUEUE_BYTES:
        conn.hold_back(client)
