"""Connections to servers: what the system is told to watch over."""

import errno
import socket
from pathlib import Path

import pytest

from twemproxy.net.dial import (
    borrowed,
    connect_error,
    dial_tcp,
    peer_name,
    scoped,
    tune,
)

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


def test_an_address_is_reached_through_the_interface_it_names() -> None:
    index = socket.if_nametoindex("lo")
    assert list(scoped("fe80::1%lo", 7)) == ["fe80::1", 7, 0, index]
    assert list(scoped(f"fe80::1%{index}", 7)) == ["fe80::1", 7, 0, index]


@pytest.mark.parametrize(
    "host", ["fe80::1%nosuch", "127.0.0.1%lo", "fe80::1%", "fe80::1%" + 99 * "x"]
)
def test_an_interface_that_is_not_there_has_no_hosts(host: str) -> None:
    assert dial_tcp(host, 7) == (-1, errno.EHOSTDOWN)


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


@pytest.mark.parametrize(
    ("name", "shown"),
    [(b"c", "c"), (b"a b\nc", "a?b?c"), (b"\xff", "?"), ("ü".encode(), "ü")],
)
def test_the_name_of_a_peer_is_one_printable_word(
    tmp_path: Path, name: bytes, shown: str
) -> None:
    with (
        socket.socket(socket.AF_UNIX) as listener,
        socket.socket(socket.AF_UNIX) as peer,
    ):
        listener.bind(str(tmp_path / "listener"))
        listener.listen()
        peer.bind(bytes(tmp_path / "x")[:-1] + name)
        peer.connect(str(tmp_path / "listener"))
        accepted, _ = listener.accept()
        with accepted:
            assert peer_name(accepted.fileno()) == str(tmp_path / shown)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_connection_to_itself_is_a_refusal_and_leaves_nothing(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as sock:
        sock.bind((host, 0))
        name = sock.getsockname()
        sock.connect(name)
        assert connect_error(sock.fileno()) == errno.ECONNREFUSED
    socket.create_server(name[:2], family=family).close()


def test_connecting_has_not_ended_without_a_peer_or_an_error() -> None:
    with socket.socket() as sock, socket.create_server(("127.0.0.1", 0)) as listener:
        assert connect_error(sock.fileno()) == errno.EINPROGRESS
        sock.connect(listener.getsockname())
        assert connect_error(sock.fileno()) == 0
