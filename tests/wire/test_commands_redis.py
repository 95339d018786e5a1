"""The Redis table by itself, and against what the C program supports."""

import csv
from pathlib import Path

import pytest

from twemproxy.wire import rule
from twemproxy.wire.redis.commands import COMMANDS, ROW, Command, arity_fits
from twemproxy.wire.redis.keys import lookups, positions

VECTORS = Path(__file__).parents[1] / "vectors/redis-commands.csv"

with VECTORS.open(newline="") as file:
    ORIGINAL = {row["command"]: row for row in csv.DictReader(file)}

SUPPORTED = [name for name, row in ORIGINAL.items() if row["supported"] == "yes"]

# What the C program routes, by its class; ours may look at more keys than the first.
HOW = {
    "single-key": {rule.SINGLE, rule.SAME},
    "eval": {rule.SAME},
    "fragmented": {rule.SPLIT_VALUES, rule.SPLIT_COUNT},
    "fragmented-kv": {rule.SPLIT_PAIRS},
    "placeholder": {rule.ANY},
    "local": {rule.LOCAL},
}

# Commands that deliberately go another way: the sum over servers, the keys after
# their number.
DEVIATIONS = {
    "exists": {rule.SPLIT_COUNT},
}
KEYS_AFTER_NUMBER = {"zdiff", "zinter", "zunion"}


def row_of(name: str) -> Command:
    """The row of a command."""
    return COMMANDS[ROW[name.encode()]]


def test_every_command_of_the_c_program_has_a_row() -> None:
    assert {name.encode() for name in ORIGINAL} <= set(ROW)


@pytest.mark.parametrize("name", SUPPORTED)
def test_what_the_c_program_supports_is_routed_alike(name: str) -> None:
    assert row_of(name).how in DEVIATIONS.get(name, HOW[ORIGINAL[name]["class"]])


@pytest.mark.parametrize("name", SUPPORTED)
def test_requests_that_the_c_program_forwards_fit_the_arity(name: str) -> None:
    original = ORIGINAL[name]
    redis7 = int(original["redis7_arity"])
    for arguments in (original["min_args"], original["max_args"]):
        words = 51 if arguments == "inf" else int(arguments) + 1
        if arity_fits(redis7, words):
            assert arity_fits(row_of(name).arity, words)


@pytest.mark.parametrize("name", SUPPORTED)
def test_the_first_key_is_that_of_the_c_program(name: str) -> None:
    expected = ORIGINAL[name]["key_positions"]
    words = [name.encode(), *[b"1"] * 9]
    first = positions(row_of(name), words)[:1]
    if name in KEYS_AFTER_NUMBER:
        assert first == [2]
    else:
        assert first == [int(at) for at in expected.split(",")[:1] if at]


def test_rows_say_everything_that_their_way_needs() -> None:
    for row in COMMANDS:
        has_keys = bool(row.first or row.numkeys or row.where)
        needs_keys = row.how not in (rule.LOCAL, rule.ANY, rule.FANOUT, rule.REFUSED)
        assert has_keys or not needs_keys, row
        assert bool(row.reason) == (row.how == rule.REFUSED), row
        assert bool(row.merge) == (row.how == rule.FANOUT), row
        assert bool(row.step) == bool(row.first or row.numkeys), row
        assert row.arity != 0, row


def test_a_row_with_one_key_has_no_range() -> None:
    for row in COMMANDS:
        if row.how == rule.SINGLE:
            assert (row.last, row.numkeys, row.where) == (row.first, 0, 0), row


def test_subcommands_belong_to_containers_and_containers_have_some() -> None:
    above = {row.name.partition(b"|")[0] for row in COMMANDS if b"|" in row.name}
    containers = {row.name for row in COMMANDS if row.flags & rule.SUBCOMMANDS}
    assert above == containers


def test_names_are_unique_and_lower_case() -> None:
    assert len(ROW) == len(COMMANDS)
    assert all(name == name.lower() for name in ROW)


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (b"msetex 2 a 1 b 2 nx", [2, 4]),
        (b"json.mget a b $", [1, 2]),
        (b"json.mset a $ 1 b $ 2", [1, 4]),
        (b"ts.madd a 1 1 b 1 1", [1, 4]),
        (b"cms.merge d 2 a b weights 1 2", [1, 3, 4]),
        (b"ft.aliasadd a i", [1, 2]),
        (b"lmovem a b left right count 2 obo", [1, 2]),
        (b"sdiffcard 2 a b limit 0", [2, 3]),
    ],
)
def test_keys_of_commands_that_no_server_here_knows(
    words: bytes, keys: list[int]
) -> None:
    args = words.split()
    assert positions(row_of(args[0].decode()), args) == keys


@pytest.mark.parametrize("member", [b"store", b"STOREDIST", b"by", b"limit"])
def test_a_member_may_be_called_like_an_option(member: bytes) -> None:
    row = row_of("georadiusbymember")
    args = [b"georadiusbymember", b"k", member, b"3", b"m"]
    assert positions(row, args) == [1]
    assert positions(row, [*args, b"store", b"d"]) == [1, 6]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (b"sort k by w_* get # get n_*->f", [3, 7]),
        (b"sort k by nosort limit 0 1 get n", []),
        (b"sort by limit get a*", []),
        (b"sort k store by get n_*", [5]),
        (b"georadius k 0 0 1 m store get", []),
    ],
)
def test_a_sort_looks_up_what_its_patterns_name(words: bytes, found: list[int]) -> None:
    args = words.split()
    assert lookups(row_of(args[0].decode()), args) == found
