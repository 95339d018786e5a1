"""COMMAND: the table told to clients, in the shapes that Redis gives it.

Only what works is told: a refused command is as good as none.
"""

from collections.abc import Callable, Sequence
from typing import Final

from twemproxy.wire import rule
from twemproxy.wire.redis import answers
from twemproxy.wire.redis.commands import CATEGORIES, FAMILIES, Command, arity_fits
from twemproxy.wire.redis.glob import compiled, matches
from twemproxy.wire.redis.keys import positions
from twemproxy.wire.redis.shapes import Status, Value, encode

FLAGS: Final = {
    rule.READ: b"readonly",
    rule.WRITE: b"write",
    rule.BLOCKING: b"blocking",
    rule.ADMIN: b"admin",
    rule.PUBSUB: b"pubsub",
    rule.NO_AUTH: b"no_auth",
}
# The categories of Redis that are a kind of value or of command.
KINDS: Final = {
    "Keys": b"@keyspace",
    "Strings": b"@string",
    "Bitmaps": b"@bitmap",
    "HyperLogLogs": b"@hyperloglog",
    "Lists": b"@list",
    "Sets": b"@set",
    "Sorted sets": b"@sortedset",
    "Hashes": b"@hash",
    "Geo": b"@geo",
    "Streams": b"@stream",
    "Connection": b"@connection",
}
FAMILY: Final = {row.name: family for family, rows in FAMILIES.items() for row in rows}
# What Redis calls a family where its name is not that of ours, without the plural.
GROUPS: Final = {
    "Keys": b"generic",
    "Hashes": b"hash",
    "Sorted sets": b"sorted-set",
    "Scripts and functions": b"scripting",
    "Transactions": b"transactions",
    "Publish and subscribe": b"pubsub",
    "Replication": b"server",
    "Arrays": b"array",
    "Vector sets": b"module",
    "JSON documents": b"module",
    "Probabilistic types": b"module",
    "Time series": b"module",
    "Query engine": b"module",
}
GROUP: Final = {
    name: GROUPS.get(family, family.lower().removesuffix("s").encode())
    for name, family in FAMILY.items()
}
OWN: Final = b"generic"  # of the pool that names them
SUMMARY: Final = {
    rule.LOCAL: b"The proxy answers.",
    rule.SINGLE: b"The server of its key answers.",
    rule.SPLIT_VALUES: b"Split over the servers of its keys.",
    rule.SPLIT_COUNT: b"Split over the servers of its keys.",
    rule.SPLIT_PAIRS: b"Split over the servers of its keys.",
    rule.SAME: b"The server of its keys answers, which must share one.",
    rule.ANY: b"One of the servers answers.",
    rule.FANOUT: b"All servers are asked.",
}

INVALID: Final = answers.error(b"Invalid command specified")
KEYLESS: Final = answers.error(b"The command has no key arguments")
TOO_MANY: Final = answers.error(b"more names than there are commands")
BAD_COUNT: Final = answers.error(b"Invalid number of arguments specified for command")
BAD_ARGUMENTS: Final = answers.error(b"Invalid arguments specified for command")


def works(row: Command) -> bool:
    """Tell whether a row is of a command that is carried out."""
    return row.how != rule.REFUSED and not row.flags & rule.PREFIX


def categories(row: Command) -> list[bytes]:
    """Return the categories of a row, as far as they are known here."""
    kind = KINDS.get(FAMILY.get(row.name, ""))
    found = [text for text, flag in CATEGORIES.items() if row.flags & flag]
    return [*found, kind] if kind else found


class Described:
    """A table of commands, as it is told."""

    def __init__(self, rows: Sequence[Command]) -> None:
        """Tell of `rows`."""
        self.rows = rows
        self.by_name = {row.name: row for row in rows}
        self.children: dict[bytes, list[Command]] = {}
        for row in rows:
            above, bar, _ = row.name.partition(b"|")
            if bar and works(row):
                self.children.setdefault(above, []).append(row)
        self.kept: dict[tuple[str, bool], bytes] = {}  # replies that tell of all

    def below(self, name: bytes) -> list[Command]:
        """Return the working subcommands of a command."""
        return self.children.get(name, [])

    def working(self) -> list[Command]:
        """Return the rows of all commands that work, without subcommands."""
        return [
            row
            for row in self.rows
            if works(row)
            and b"|" not in row.name
            and (not row.flags & rule.SUBCOMMANDS or self.below(row.name))
        ]

    def described(self, row: Command) -> Value:
        """Return what COMMAND INFO says of one row."""
        flags = [Status(text) for flag, text in FLAGS.items() if row.flags & flag]
        if row.numkeys or row.where:
            flags.append(Status(b"movablekeys"))
        step = row.step if row.first else 0
        subcommands = [self.described(sub) for sub in self.below(row.name)]
        return [
            *(row.name, row.arity, flags, row.first, row.last, step),
            *([Status(text) for text in categories(row)], [], [], subcommands),
        ]

    def info(self, names: Sequence[bytes], resp3: bool) -> bytes:
        """Return the reply to COMMAND INFO for some names, or for all commands."""
        if len(names) > len(self.rows):
            return TOO_MANY
        if names:
            return encode([self.command(name) for name in names], resp3)
        return self.once(
            "info", resp3, lambda: [self.described(row) for row in self.working()]
        )

    def manual(self, names: Sequence[bytes], resp3: bool) -> bytes:
        """Return the reply to COMMAND DOCS for some names, or for all commands."""
        if len(names) > len(self.rows):
            return TOO_MANY
        if names:
            return encode(self.docs(names), resp3)
        return self.once("docs", resp3, lambda: self.docs(()))

    def once(self, what: str, resp3: bool, make: Callable[[], Value]) -> bytes:
        """Return a reply that is always the same, for it takes milliseconds to make."""
        reply = self.kept.get((what, resp3))
        if reply is None:
            reply = encode(make(), resp3)
            self.kept[what, resp3] = reply
        return reply

    def command(self, name: bytes) -> Value:
        """Return what COMMAND INFO says of a name."""
        row = self.by_name.get(name)
        return self.described(row) if row is not None and works(row) else None

    def docs(self, wanted: Sequence[bytes]) -> dict[bytes, Value]:
        """Return what COMMAND DOCS says of some names, or of all commands."""
        rows = [self.by_name[name] for name in wanted if name in self.by_name]
        found: dict[bytes, Value] = {}
        for row in rows if wanted else self.working():
            if works(row):
                entry: dict[bytes, Value] = {
                    b"summary": self.summary(row),
                    b"group": GROUP.get(row.name, OWN),
                }
                if self.below(row.name):
                    entry[b"subcommands"] = self.docs(
                        [sub.name for sub in self.below(row.name)]
                    )
                found[row.name] = entry
        return found

    def summary(self, row: Command) -> bytes:
        """Say who answers; of a container, what there is."""
        below = self.below(row.name)
        if not below or row.how == rule.SINGLE:
            return SUMMARY[row.how]
        words = [sub.name.partition(b"|")[2].upper() for sub in below]
        return b"One of %b." % b", ".join(words)

    def names(self, filters: Sequence[bytes], resp3: bool) -> bytes:
        """Return the reply to COMMAND LIST, which names subcommands too."""
        if not filters:
            return self.once("list", resp3, lambda: [row.name for row in self.all()])
        words = [word.lower() for word in filters]
        if len(words) != 3 or words[0] != b"filterby":
            return answers.SYNTAX
        rows: list[Command] = []
        if words[1] == b"aclcat":
            rows = [row for row in self.all() if b"@" + words[2] in categories(row)]
        elif words[1] == b"pattern":
            places = compiled(words[2])
            rows = [row for row in self.all() if matches(places, row.name)]
        elif words[1] != b"module":
            return answers.SYNTAX
        return encode([row.name for row in rows], resp3)

    def all(self) -> list[Command]:
        """Return the working rows, subcommands behind those they are below."""
        return [sub for row in self.working() for sub in (row, *self.below(row.name))]

    def keys(self, args: Sequence[bytes]) -> bytes:
        """Return the reply to COMMAND GETKEYS for a request."""
        name = args[0].lower()
        row = self.by_name.get(name)
        if row is not None and row.flags & rule.SUBCOMMANDS and len(args) > 1:
            sub = name + b"|" + args[1].lower()
            row = self.by_name.get(sub)
        if row is None:
            return INVALID
        if not row.first and not row.numkeys and not row.where:
            return KEYLESS
        if not arity_fits(row.arity, len(args)):
            return BAD_COUNT
        found = positions(row, args)
        if not found and args[row.numkeys] != b"0":
            return BAD_ARGUMENTS
        return encode([args[i] for i in found], False)
