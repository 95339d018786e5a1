"""The head of a question: read strictly, whoever sends it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twemproxy.control.http import parse_head
from twemproxy.errors import ProtocolError

END = b"\r\n\r\n"
ODD_HEADERS = (
    *(b"Origin : evil", b"x: a\r\n Origin: evil", b"x: a\nOrigin: evil", b": x"),
    *(b"x: a\rOrigin: evil", b"x: \0", b"Host: evil\r\nhost: localhost"),
)


def test_a_head_is_split() -> None:
    head = b"GET /metrics?x=1 HTTP/1.1\r\nHost: localhost:1\r\nACCEPT:  a, b \r\n\r\n"
    assert parse_head(head) == (
        "GET",
        "/metrics",
        {"host": "localhost:1", "accept": "a, b"},
    )


@pytest.mark.parametrize(
    ("target", "host", "path"),
    [
        ("http://proxy:9/metrics?x=1", "proxy:9", "/metrics"),
        ("http://proxy/", "proxy", "/"),
        ("http://proxy", "proxy", "/"),
    ],
)
def test_a_whole_address_names_host_and_path(target: str, host: str, path: str) -> None:
    head = f"GET {target} HTTP/1.1\r\nHost: other\r\n\r\n".encode()
    assert parse_head(head) == ("GET", path, {"host": host})


@pytest.mark.parametrize(
    "head",
    [
        *(
            b"",
            b"GET /",
            b"GET / HTTP/2",
            b"GET  / HTTP/1.1",
            b"GET / HTTP/1.1\r\nbare",
        ),
        *(b"GET / HTTP/1.1\r\n" + lines for lines in ODD_HEADERS),
    ],
)
def test_what_is_not_a_head_is_refused(head: bytes) -> None:
    with pytest.raises(ProtocolError, match="expected"):
        parse_head(head + END)


@given(st.binary(max_size=200))
def test_a_head_is_read_or_refused_and_nothing_else(noise: bytes) -> None:
    try:
        method, path, headers = parse_head(noise + END)
    except ProtocolError:
        return
    assert "?" not in path
    assert " " not in method
    assert all(name == name.lower() for name in headers)
