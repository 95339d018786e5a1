"""Requests typed by hand become what a client library would have sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.wire import resp
from twemproxy.errors import ProtocolError
from twemproxy.wire.redis.inline import as_request, split_words

WORDS: tuple[tuple[bytes, list[bytes]], ...] = (
    (b"", []),
    (b" \t\r\n", []),
    (b"PING\r\n", [b"PING"]),
    (b"  get \t k \n", [b"get", b"k"]),
    (b'SET k "a b"\r\n', [b"SET", b"k", b"a b"]),
    (b"SET k 'a \"b\\' c\\n'\r\n", [b"SET", b"k", b"a \"b' c\\n"]),
    (
        b'SET k "\\x41\\x0d\\n\\r\\t\\a\\b\\q\\""\r\n',
        [b"SET", b"k", b'A\r\n\r\t\a\bq"'],
    ),
    (b'SET k "\\x4" "\\xzz"\r\n', [b"SET", b"k", b"x4", b"xzz"]),
    (b'SET k ""\r\n', [b"SET", b"k", b""]),
    (b"SET k ''\r\n", [b"SET", b"k", b""]),
    (b'SET k"a"\r\n', [b"SET", b"ka"]),
    (b"\v\fSET k\fx \v y\r\n", [b"SET", b"k\fx", b"y"]),
    (b'SET "k"\fx\r\n', [b"SET", b"k", b"x"]),
)
BAD = (
    b'SET k "a\r\n',
    b"SET k 'a\r\n",
    b'SET k "a"b\r\n',
    b"SET k 'a'b\r\n",
    b'SET k "a\\\r\n',
    b"GET a\0b\r\n",
    b"POST /\r\n",
    b"host: x\r\n",
    b"GET / HTTP/1.0\r\n",
    b"PUT /k HTTP/1.1\r\n",
)


@pytest.mark.parametrize(("line", "words"), WORDS)
def test_a_line_is_split_as_redis_splits_it(line: bytes, words: list[bytes]) -> None:
    assert split_words(line) == words
    assert as_request(line) == (resp(*words) if words else b"")


@pytest.mark.parametrize("line", BAD)
def test_a_bad_line_is_refused(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        as_request(line)


def quoted(word: bytes) -> bytes:
    """Write a word so that any byte survives."""
    return b'"%b"' % b"".join(b"\\x%02x" % byte for byte in word)


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=5))
def test_any_word_can_be_written_with_escapes(words: list[bytes]) -> None:
    line = b" ".join(quoted(word) for word in words) + b"\r\n"
    assert split_words(line) == words


@given(st.binary(max_size=60))
def test_any_line_becomes_one_request_or_an_error(line: bytes) -> None:
    try:
        words = split_words(line)
        request = as_request(line)
    except ProtocolError:
        return
    assert request == (resp(*words) if words else b"")
