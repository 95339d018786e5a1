"""The memcached command table: one row per word that a line can begin with.

It covers the text protocol with the meta commands, as of memcached 1.6, and names
nothing else: clients ask for what only some servers have, such as `config get
cluster`, and take memcached's ERROR for a no, but nothing else. Words are lower case
and compared exactly.
"""

from typing import Final, NamedTuple

from twemproxy.wire import rule
from twemproxy.wire.memcache import due
from twemproxy.wire.rule import (
    ADMIN,
    ANY,
    DANGEROUS,
    FANOUT,
    LOCAL,
    READ,
    REFUSED,
    SINGLE,
    SPLIT_VALUES,
    WRITE,
)

MANAGEMENT: Final = b"it manages one server, so connect to that server"
STREAM: Final = b"it needs a server connection of its own"


class Command(NamedTuple):
    """One row. Words count from the command, which is word 0.

    The keys are words `first` to `last` (below zero: from the end). A word
    `noreply` after `least` words or later is no argument where `noreply` is set,
    and then nothing is answered. Where `block` is not 0, that word is the length
    of a data block which follows the line with a line end of its own.
    """

    name: bytes
    how: int
    flags: int = 0
    least: int = 1  # words of the line, `noreply` not counted
    most: int = 0  # 0: any number
    first: int = 0
    last: int = 0
    noreply: bool = False
    block: int = 0
    reply: int = due.SILENT
    merge: int = rule.NONE
    reason: bytes = b""


def retrieval(name: bytes, flags: int, first: int) -> Command:
    """Return the row of a command that asks for any number of keys."""
    return Command(
        name, SPLIT_VALUES, flags, first + 1, first=first, last=-1, reply=due.VALUES
    )


def storage(name: bytes, words: int) -> Command:
    """Return the row of a command with flags, expiry and a data block."""
    return Command(name, SINGLE, WRITE, words, words, 1, 1, True, 4, reply=due.STORED)


def keyed(name: bytes, words: tuple[int, int], reply: int) -> Command:
    """Return the row of a command that changes one key and takes no data."""
    return Command(name, SINGLE, WRITE, *words, 1, 1, True, reply=reply)


def meta(name: bytes, flags: int, least: int = 2, block: int = 0) -> Command:
    """Return the row of a meta command: a key, then flags."""
    return Command(name, SINGLE, flags, least, 0, 1, 1, block=block, reply=due.META)


def everywhere(name: bytes, flags: int, words: tuple[int, int]) -> Command:
    """Return the row of a command for every server, which says OK."""
    return Command(
        name,
        FANOUT,
        flags,
        *words,
        noreply=True,
        reply=due.OKAY,
        merge=rule.STATUS,
    )


def refused(name: bytes, reason: bytes = MANAGEMENT) -> Command:
    """Return the row of a command that gets an error naming the reason."""
    return Command(name, REFUSED, ADMIN, noreply=True, reason=reason)


FAMILIES: Final[dict[str, tuple[Command, ...]]] = {
    "Retrieval": (
        retrieval(b"get", READ, 1),
        retrieval(b"gets", READ, 1),
        retrieval(b"gat", WRITE, 2),
        retrieval(b"gats", WRITE, 2),
    ),
    "Storage": (
        storage(b"set", 5),
        storage(b"add", 5),
        storage(b"replace", 5),
        storage(b"append", 5),
        storage(b"prepend", 5),
        storage(b"cas", 6),
    ),
    "Change": (
        keyed(b"incr", (3, 3), due.NUMBER),
        keyed(b"decr", (3, 3), due.NUMBER),
        keyed(b"touch", (3, 3), due.TOUCHED),
        keyed(b"delete", (2, 3), due.DELETED),
    ),
    "Meta commands": (
        meta(b"mg", READ),
        meta(b"ms", WRITE, 2, 2),
        meta(b"md", WRITE),
        meta(b"ma", WRITE),
        meta(b"me", READ, 1),
        Command(b"mn", LOCAL, reply=due.META),
    ),
    "Server": (
        Command(b"version", ANY, READ, reply=due.VERSION),
        everywhere(b"flush_all", WRITE | DANGEROUS, (1, 2)),
        everywhere(b"verbosity", ADMIN, (2, 2)),
        Command(b"stats", FANOUT, READ, reply=due.STATS, merge=rule.STATISTICS),
        Command(b"quit", LOCAL),
    ),
    "Management": (
        refused(b"cache_memlimit"),
        refused(b"extstore"),
        refused(b"lru"),
        refused(b"lru_crawler"),
        refused(b"misbehave"),
        refused(b"refresh_certs"),
        refused(b"shutdown"),
        refused(b"slabs"),
        refused(b"watch", STREAM),
    ),
}

COMMANDS: Final[tuple[Command, ...]] = tuple(
    row for family in FAMILIES.values() for row in family
)

# The number of each row by its name, as the look-up gives it.
ROW: Final[dict[bytes, int]] = {row.name: i for i, row in enumerate(COMMANDS)}
