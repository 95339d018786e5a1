"""The grammar of listening addresses and servers, read from the right."""

import pytest

from twemproxy.config.address import parse_listen, parse_server, resolve_host
from twemproxy.config.values import Unfit, parse_number


def nobody(_host: str, _port: int) -> str:
    return ""


@pytest.mark.parametrize(
    ("text", "label", "host", "port", "path"),
    [
        ("h:6379:1", "h:6379", "h", 6379, ""),
        ("h:6379:1 name", "name", "h", 6379, ""),
        ("h:6379:1 a:b", "a:b", "h", 6379, ""),
        ("h:11211:1", "h", "h", 11211, ""),
        ("h:011211:1", "h", "h", 11211, ""),
        ("h:06379:01", "h:06379", "h", 6379, ""),
        ("::1:6379:1", "::1:6379", "::1", 6379, ""),
        (":6379:1", ":6379", "", 6379, ""),
        ("/run/r.sock:1", "/run/r.sock:", "", 0, "/run/r.sock"),
        ("/run/r.sock:1 r", "r", "", 0, "/run/r.sock"),
    ],
)
def test_a_server_has_its_label_and_address(
    text: str, label: str, host: str, port: int, path: str
) -> None:
    server = parse_server(text)
    assert (server.label, server.host, server.port) == (label, host, port)
    assert (server.path, server.weight) == (path, 1)


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ("h:6379", 'has an invalid "hostname:port:weight [name]"or'),
        ("h:6379:1 ", 'has an invalid "hostname:port:weight [name]"or'),
        ("/a:b:1", 'has an invalid "hostname:port:weight [name]"or'),
        ("h\0:1:1", 'has an invalid "hostname:port:weight [name]"or'),
        ("h:6379:0", "has a zero weight in"),
        ("h:6379:1 a b", "has an invalid weight in"),
        ("h:6379:1 a ", "has an invalid weight in"),
        ("h:6379:0 ", "has a zero weight in"),
        ("h:0:1 ", "has an invalid port in"),
        ("/a:1 ", 'has an invalid "hostname:port:weight [name]"or'),
        ("h:6379:2147483648", "has an invalid weight in"),
        ("h:6379:٣", "has an invalid weight in"),
        ("h:0:1", "has an invalid port in"),
        ("h:65536:1", "has an invalid port in"),
    ],
)
def test_a_wrong_server_is_refused_in_the_c_programs_words(
    text: str, suffix: str
) -> None:
    with pytest.raises(Unfit) as caught:
        parse_server(text)
    assert caught.value.suffix.startswith(suffix)


@pytest.mark.parametrize(
    ("text", "path", "mode"),
    [
        ("/a", "/a", 0),
        ("/a 0644", "/a", 0o644),
        ("/a b 777", "/a b", 0o777),
        ("/a ", "/a", 0),
        ("/a rw", "/a", 0),
        ("/a 999", "/a", 0),
        ("/a 6x", "/a", 6),
        ("/a +644", "/a", 0o644),
        ("/a -0", "/a", 0),
        ("/" + "p" * 106, "/" + "p" * 106, 0),
    ],
)
def test_a_unix_socket_may_have_a_permission(text: str, path: str, mode: int) -> None:
    listen = parse_listen(text, nobody)
    assert (listen.text, listen.path, listen.mode) == (text, path, mode)


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ("h", 'has an invalid "hostname:port" format string'),
        ("h:0", 'has an invalid port in "hostname:port" format string'),
        ("h: 1", 'has an invalid port in "hostname:port" format string'),
        ("/a 1000", "has an invalid file permission in"),
        ("/a -1", "has an invalid file permission in"),
        ("/" + "p" * 107, "has an invalid value"),
        ("/é" + "p" * 105, "has an invalid value"),
        ("/a\0", "has an invalid value"),
        ("h\0:1", "has an invalid value"),
    ],
)
def test_a_wrong_listen_is_refused_in_the_c_programs_words(
    text: str, suffix: str
) -> None:
    with pytest.raises(Unfit) as caught:
        parse_listen(text, nobody)
    assert caught.value.suffix.startswith(suffix)


def test_the_last_colon_separates_the_port() -> None:
    listen = parse_listen("::1:22121", nobody)
    assert (listen.host, listen.port) == ("::1", 22121)


def test_addresses_resolve_without_asking_anybody() -> None:
    assert resolve_host("127.0.0.1", 1) == ""
    assert resolve_host("::1", 1) == ""
    assert resolve_host("[::1]", 1) != ""
    assert resolve_host("", 1) != ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("007", 7),
        ("2147483647", 2147483647),
        ("0" * 9999 + "1", 1),
        ("2147483648", -1),
        ("9" * 9999, -1),
        ("", -1),
        ("+1", -1),
        ("1 ", -1),
        ("1_0", -1),
        ("²", -1),
    ],
)
def test_a_number_is_plain_digits_that_fit(text: str, value: int) -> None:
    assert parse_number(text) == value
