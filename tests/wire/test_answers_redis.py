"""Errors in the words of the servers themselves."""

import pytest

from tests.support.real import NamedServer
from twemproxy.wire.redis import answers
from twemproxy.wire.redis.commands import COMMANDS, ROW, arity_fits

REQUESTS = [
    [b"foo"],
    [b"FOO", b"a", b"b"],
    [b"foo", b""],
    [b"foo", b"x" * 130],
    [b"foo", b"x" * 100, b"y" * 100, b"z"],
    [b"foo", b"x" * 124, b"q", b"r"],
    [b"foo", b"x" * 125, b"q", b"r"],
    [b"foo", *[b"a"] * 60],
    [b"f" * 200, b"a"],
    [b"f\r\no", b"a\r\n\x00b", b"c"],
    [b"foo\r\n"],
    [b"", b"a"],
    [b"foo", b"\x01\xff\"'\x00"],
    [b"config|get", b"x"],
]


@pytest.mark.parametrize("words", REQUESTS, ids=lambda words: repr(words)[:40])
def test_unknown_commands_are_worded_as_the_server_does(
    server: NamedServer, words: list[bytes]
) -> None:
    assert answers.unknown_command(words[0], words[1:]) == server.answer(words)


@pytest.mark.parametrize("word", [b"x", b"", b"n\r\no" * 60, b"a\0b", b"GET\r\n"])
@pytest.mark.parametrize("name", [b"config", b"client", b"object", b"function"])
def test_unknown_subcommands_are_worded_as_the_server_does(
    server: NamedServer, name: bytes, word: bytes
) -> None:
    assert answers.unknown_subcommand(name, word) == server.answer([name, word])


def test_wrong_arity_is_worded_as_the_server_does(server: NamedServer) -> None:
    for name, arity, *_ in server.reported():
        if name == b"exec":  # its errors speak of the transaction
            continue
        words = name.split(b"|")
        fixed = len(words)
        words += [b"x"] * (abs(arity) - fixed)
        words = words[:-1] if arity < 0 else [*words, b"x"]
        row = COMMANDS[ROW[name]]
        if len(words) >= fixed and not arity_fits(row.arity, len(words)):
            assert answers.wrong_arity(row.name) == server.answer(words)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (answers.refused(b"multi", b"why"), b"-ERR 'multi' is not supported by the"),
        (answers.denied(b"keys"), b"-ERR 'keys' is denied by the configuration"),
        (answers.error(b"a\r\nb\n"), b"-ERR a  b\r\n"),
        (answers.error(b"x", b"NOPROTO"), b"-NOPROTO x\r\n"),
        (answers.protocol_error(b"oops"), b"-ERR Protocol error: oops\r\n"),
        (answers.status(b"OK"), answers.OK),
        (answers.integer(-3), b":-3\r\n"),
        (answers.bulk(b"ab"), b"$2\r\nab\r\n"),
    ],
)
def test_a_reply_is_one_line_or_well_formed(line: bytes, expected: bytes) -> None:
    assert line.startswith(expected)
    assert line.endswith(b"\r\n")
