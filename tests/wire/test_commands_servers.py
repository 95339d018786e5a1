"""The Redis table against the servers themselves."""

import pytest
import redis

from tests.support.real import NamedServer
from twemproxy.wire import rule
from twemproxy.wire.redis.commands import COMMANDS, ROW, Command, arity_fits
from twemproxy.wire.redis.describe import Described
from twemproxy.wire.redis.keys import positions, waits

# Where versions differ the row has the wider arity, here the newer one.
WIDER_THAN_7_0 = {
    b"cluster|replicate",
    b"command|getkeys",
    b"command|getkeysandflags",
    b"script|debug",
    b"zrank",
    b"zrevrank",
}

FLAGS = {
    b"readonly": rule.READ,
    b"write": rule.WRITE,
    b"blocking": rule.BLOCKING,
    b"pubsub": rule.PUBSUB,
    b"no_auth": rule.NO_AUTH,
}

# MIGRATE waits for another server, the family of a refused command shares its
# flags, and WAIT was not marked as blocking before Redis 7.2.
DIFFERENT = {
    b"cluster|flushslot",
    b"migrate",
    b"pubsub|help",
    b"wait",
    b"waitaof",
}

# Requests whose keys need more than positions, each with another number of keys.
ODD = [
    b"sort k",
    b"sort k by w store d",
    b"sort k get store store d limit 0 1",
    b"sort k store a store b",
    b"georadius k 1 2 3 m store d",
    b"georadius k 1 2 3 m storedist d",
    b"georadiusbymember k m 3 m withdist",
    b"georadiusbymember k store 3 m",
    b"georadiusbymember k limit 3 m store d",
    b"georadiusbymember k m 3 m count 1 store a",
    b"xread streams a b 0 0",
    b"xread count 2 block 5 streams a 0",
    b"xreadgroup group g c streams a b c > > >",
    b"xreadgroup group streams c noack streams a >",
    b"migrate host 6379 k 0 100",
    b"migrate host 6379 k 0 100 copy replace",
    b"zunionstore d 2 a b weights 1 2",
    b"zunion 1 a withscores",
    b"eval s 2 a b c d",
    b"fcall f 1 a x",
    b"lmpop 2 a b left",
    b"zintercard 2 a b limit 1",
    b"bitop and d a b c",
    b"object encoding k",
    b"memory usage k samples 5",
    b"xinfo stream k full",
    b"xgroup create k g $ mkstream",
    b"mset a 1 b 2 c 3",
    b"lcs a b len",
    b"rpoplpush a b",
]


def test_every_command_of_the_server_has_a_row(server: NamedServer) -> None:
    names = {command[0] for command in server.reported()}
    assert names - set(ROW) == set()


def test_rows_have_the_arity_of_the_server(server: NamedServer) -> None:
    for name, arity, *_ in server.reported():
        row = COMMANDS[ROW[name]]
        if name not in WIDER_THAN_7_0:
            assert (name, row.arity) == (name, arity)
        assert arity_fits(row.arity, abs(arity)), name


def test_rows_have_the_key_positions_of_the_server(server: NamedServer) -> None:
    for name, _, _, *keys in server.reported():
        row = COMMANDS[ROW[name]]
        step = row.step if row.first else 0
        assert (name, [row.first, row.last, step]) == (name, keys[:3])


def test_rows_count_keys_where_the_server_does(server: NamedServer) -> None:
    for command in server.reported():
        row = COMMANDS[ROW[command[0]]]
        specs = [
            (spec[b"begin_search"][b"spec"][b"index"], spec[b"find_keys"][b"spec"])
            for spec in command[8]
            if spec[b"find_keys"][b"type"] == b"keynum"
        ]
        expected = [(at, spec[b"keystep"]) for at, spec in specs[:1]]
        found = [(row.numkeys, row.step)] if row.numkeys else []
        assert (row.name, found) == (row.name, expected)


@pytest.mark.parametrize("flag", FLAGS)
def test_rows_have_the_flags_of_the_server(server: NamedServer, flag: bytes) -> None:
    ours = {row.name for row in COMMANDS if row.flags & FLAGS[flag]}
    theirs = {
        command[0]
        for command in server.reported()
        if flag in map(as_bytes, command[2]) and command[0] not in DIFFERENT
    }
    known = {command[0] for command in server.reported()}
    assert (ours & known) - DIFFERENT == theirs


def test_commands_are_in_the_groups_of_the_server(server: NamedServer) -> None:
    theirs = {
        name: entry[b"group"] for name, entry in server.say("COMMAND", "DOCS").items()
    }
    ours = Described(COMMANDS).docs([])
    found = {
        name: (entry[b"group"], theirs[name])
        for name, entry in ours.items()
        if isinstance(entry, dict) and name in theirs
    }
    different = {name for name, (our, their) in found.items() if our != their}
    assert different == {b"readonly", b"readwrite"}  # theirs are of clusters


@pytest.mark.parametrize("resp3", [False, True])
def test_what_tells_of_all_commands_is_made_once(resp3: bool) -> None:
    table = Described(COMMANDS)
    for tell in (table.info, table.manual, table.names):
        assert tell([], resp3) is tell([], resp3)


def test_nobody_asks_for_more_commands_than_there_are() -> None:
    table = Described(COMMANDS)
    names = [b"config"] * (len(COMMANDS) + 1)
    for tell in (table.info, table.manual):
        assert tell(names[1:], False)[:1] == b"*"
        assert tell(names, False).startswith(b"-ERR more names than there are")


def as_bytes(text: bytes | str) -> bytes:
    """Return a status reply as it came."""
    return text.encode() if isinstance(text, str) else text


@pytest.mark.parametrize("line", ODD)
def test_keys_are_found_where_the_server_finds_them(
    server: NamedServer, line: bytes
) -> None:
    words = line.split()
    row = row_of(words)
    theirs = server.say(b"COMMAND", b"GETKEYS", *words)
    assert [words[at] for at in positions(row, words)] == theirs


def row_of(words: list[bytes]) -> Command:
    """The row of a request, of its subcommand where it has one."""
    name = b"|".join(words[:2])
    return COMMANDS[ROW.get(name, ROW.get(words[0], -1))]


@pytest.mark.parametrize("more", [0, 1, 5])
def test_keys_of_all_commands_are_found_as_the_server_does(
    server: NamedServer, more: int
) -> None:
    known = {command[0]: command for command in server.reported()}
    for row in COMMANDS:
        if row.where or row.name not in known or not (row.first or row.numkeys):
            continue
        words = row.name.split(b"|")
        words += [b"k%d" % at for at in range(len(words), abs(row.arity))]
        words += [b"x%d" % at for at in range(more if row.arity < 0 else 0)]
        if row.numkeys:
            words[row.numkeys] = b"1"
        if row.how == rule.SPLIT_PAIRS or row.name == b"msetnx":
            words = words[: len(words) - 1 + len(words) % 2]
        theirs = server.say(b"COMMAND", b"GETKEYS", *words)
        if not isinstance(theirs, redis.ResponseError):
            assert [words[at] for at in positions(row, words)] == theirs, words


@pytest.mark.parametrize(
    "line", [b"eval s x a", b"eval s 3 a b", b"zunion -1 a", b"eval s"]
)
def test_keys_that_cannot_be_counted_are_none(line: bytes) -> None:
    words = line.split()
    assert positions(row_of(words), words) == []


@pytest.mark.parametrize("keys", [[], [b"a"], [b"a", b"b"]])
def test_migrate_takes_its_keys_after_keys_when_none_is_given(
    keys: list[bytes],
) -> None:
    words = [*b"migrate host 6379 * 0 100 auth keys keys".split(), *keys]
    words[3] = b""
    assert [words[at] for at in positions(row_of(words), words)] == (keys or [b""])


@pytest.mark.parametrize(
    ("line", "blocks"),
    [
        (b"xread block 0 streams a 0", True),
        (b"xread count 1 streams block 0", False),
        (b"xreadgroup group block c streams a >", False),
        (b"xreadgroup GROUP g c BLOCK 0 streams a >", True),
        (b"ts.read block 0", False),
        (b"ts.read k 0 block 5", True),
    ],
)
def test_a_read_waits_only_with_the_word_block(line: bytes, blocks: bool) -> None:
    words = line.split()
    assert waits(row_of(words), words) == blocks
