"""Connections to servers: what the system is told to watch over."""

import errno
import socket

import pytest

from twemproxy.net.dial import borrowed, dial_tcp

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
