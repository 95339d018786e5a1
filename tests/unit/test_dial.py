"""Connections to servers: what the system is told to watch over."""

import errno
import socket

import pytest

from twemproxy.net.dial import borrowed, dial_tcp, tune

TCP = socket.IPPROTO_TCP


@pytest.mark.parametrize(
    ("level", "option", "value"),
    [
        (TCP, socket.TCP_NODELAY, 1),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (TCP, socket.TCP_KEEPIDLE, 60),
        (TCP, socket.TCP_KEEPINTVL, 10),
        (TCP, socket.TCP_KEEPCNT, 3),
        (TCP, socket.TCP_USER_TIMEOUT, 90000),
    ],
)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_vanished_server_will_be_noticed(
    host: str, level: int, option: int, value: int
) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        fd, status = dial_tcp(host, listener.getsockname()[1])
        assert status in (0, errno.EINPROGRESS)
        with borrowed(fd) as sock:
            assert sock.getsockopt(level, option) == value
        socket.socket(fileno=fd).close()


def congestion(sock: socket.socket) -> bytes:
    """Return the name of the algorithm that decides how fast it sends."""
    return sock.getsockopt(TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1"])
def test_a_server_on_this_host_is_not_sent_to_at_a_pace(host: str) -> None:
    with socket.socket() as sock:
        tune(sock, host)
        assert congestion(sock) == b"reno"


@pytest.mark.parametrize("host", ["192.0.2.127", "12.7.0.1", "2001:db8::1"])
def test_other_servers_are_sent_to_as_the_system_says(host: str) -> None:
    with socket.socket() as fresh, socket.socket() as sock:
        tune(sock, host)
        assert congestion(sock) == congestion(fresh)
