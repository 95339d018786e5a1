"""Connections to servers that are none: to ourselves, or not made yet."""

import errno
import socket
from unittest import mock

from tests.support.inside import Inside, take
from tests.support.wire import resp
from twemproxy.proxy import link, state
from twemproxy.stats import slot


def asked_over(sock: socket.socket) -> tuple[bytes, int, int]:
    """Have a client ask a server that this socket is to connect us to.

    Returns what it hears, how many connections are counted, and the state of ours.
    """
    dialled = (sock.detach(), errno.EINPROGRESS)
    with (
        mock.patch.object(link, "dial_tcp", return_value=dialled),
        Inside() as inside,
        inside.client() as client,
    ):
        client.sendall(resp("GET", "k"))
        inside.turn()
        (server,) = inside.pool.servers
        conns = inside.block(2).get(slot.SERVER_CONNECTIONS)
        states = [conn.state for conn in server.conns]
        return take(client), conns, max(states, default=state.CLOSED)


def test_who_is_connected_to_itself_is_refused() -> None:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.connect(sock.getsockname())
    sock.setblocking(False)
    refused = b"-ERR Connection refused\r\n"
    assert asked_over(sock) == (refused, 0, state.CLOSED)


def test_an_event_of_another_connects_nobody() -> None:
    assert asked_over(socket.socket()) == (b"", 0, state.CONNECTING)
