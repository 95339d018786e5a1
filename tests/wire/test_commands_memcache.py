"""The memcached table against the C program's and against memcached."""

import csv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.backends import MemcachedServer, ask
from twemproxy.wire import rule
from twemproxy.wire.memcache import due
from twemproxy.wire.memcache.commands import COMMANDS, ROW, Command

with (Path(__file__).parents[1] / "vectors/memcache-commands.csv").open(
    newline=""
) as file:
    ORIGINAL = {row["command"]: row for row in csv.DictReader(file)}

SUPPORTED = [name for name, row in ORIGINAL.items() if row["supported"] == "yes"]

REPLIES = {
    "retrieval": due.VALUES,
    "storage": due.STORED,
    "arithmetic": due.NUMBER,
    "touch": due.TOUCHED,
    "delete": due.DELETED,
    "placeholder": due.VERSION,
    "local": due.SILENT,
}
HOW = {"retrieval": rule.SPLIT_VALUES, "placeholder": rule.ANY, "local": rule.LOCAL}
KEYS = {"all": (1, -1), "1": (1, 1), "": (0, 0)}

# What memcached lets pass with fewer words than it takes to mean something.
LENIENT = {b"gat", b"gats"}
# What only the notes of the C program know.
FOREIGN = {b"auth", b"config"}


def row_of(name: str) -> Command:
    """The row of a command."""
    return COMMANDS[ROW[name.encode()]]


@pytest.fixture(scope="module")
def memcached() -> Iterator[MemcachedServer]:
    """A memcached for these tests."""
    with closing(MemcachedServer()) as server:
        server.start()
        yield server


def test_every_command_of_the_c_program_has_a_row() -> None:
    assert {name.encode() for name in ORIGINAL} - FOREIGN <= set(ROW)


@pytest.mark.parametrize("name", sorted(FOREIGN))
def test_what_memcached_does_not_know_is_unknown(
    memcached: MemcachedServer, name: bytes
) -> None:
    assert name not in ROW
    assert line(memcached, name + b" get cluster") == b"ERROR\r\n"


@pytest.mark.parametrize("name", SUPPORTED)
def test_what_the_c_program_supports_is_routed_alike(name: str) -> None:
    row, original = row_of(name), ORIGINAL[name]
    assert row.how == HOW.get(original["class"], rule.SINGLE)
    assert (row.first, row.last) == KEYS[original["key_positions"]]
    assert row.noreply == (original["noreply"] == "yes")
    assert row.reply == REPLIES[original["class"]]


@pytest.mark.parametrize("name", SUPPORTED)
def test_a_line_of_the_c_program_has_as_many_words(name: str) -> None:
    form = ORIGINAL[name]["form"].replace(" [noreply]", "").split()
    row = row_of(name)
    assert row.least == len(form)
    assert row.block == (form.index("<bytes>") if "<bytes>" in form else 0)


def test_refused_rows_give_a_reason_and_others_an_answer() -> None:
    for row in COMMANDS:
        assert bool(row.reason) == (row.how == rule.REFUSED), row
        assert bool(row.first) == (row.how in (rule.SINGLE, rule.SPLIT_VALUES)), row
        if row.how == rule.FANOUT:
            assert row.merge, row


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name.decode())
def test_memcached_wants_as_many_words(
    memcached: MemcachedServer, row: Command
) -> None:
    if row.how != rule.REFUSED and row.name not in LENIENT:
        few = b" ".join([row.name, *[b"1"] * (row.least - 2)])
        many = b" ".join([row.name, *[b"1"] * row.most])
        if row.least > 1:
            assert b"ERROR" in line(memcached, few)
        if row.most:
            assert line(memcached, many + b" noreply x") == b"ERROR\r\n"


def test_memcached_looks_at_the_case_of_a_command(memcached: MemcachedServer) -> None:
    assert line(memcached, b"GET k") == b"ERROR\r\n"


def line(server: MemcachedServer, request: bytes) -> bytes:
    """The answer to one line."""
    return ask(server.port, request + b"\r\n", b"\r\n")
