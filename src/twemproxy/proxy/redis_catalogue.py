"""The command table of one pool: what everybody has, and what its file says of it.

`commands` adds rows or replaces them, `deny_commands` turns rows off. Rows keep
their numbers, so that those of the common table mean the same in every pool.
"""

from array import array
from typing import Final

from twemproxy import limits, log
from twemproxy.config.model import CommandRule, PoolConfig
from twemproxy.proxy.timing import histogram_of
from twemproxy.wire import rule
from twemproxy.wire.lookup import CommandIndex
from twemproxy.wire.redis import answers
from twemproxy.wire.redis.commands import CATEGORIES, COMMANDS, ROW, Command
from twemproxy.wire.redis.commands.row import BLOCKS, DATABASE, arity_fits
from twemproxy.wire.redis.keys import (
    lookups,
    other_database,
    pinned,
    positions,
    waits,
)

WATCHED: Final = rule.ECHOES | rule.CODE
KEPT: Final = WATCHED | rule.SUBCOMMANDS  # of a row that the file replaces
LONGEST_NAME: Final = 255  # that the look-up takes
ESCAPES: Final = answers.error(
    b"the first line of a script may have no backslash behind the proxy:"
    b" a server would break its error in two there"
)
INDEX: Final = CommandIndex([row.name for row in COMMANDS])
HOW: Final = {
    "key": rule.SINGLE,
    "keys": rule.SAME,
    "any": rule.ANY,
    "all": rule.FANOUT,
}
MERGE: Final = {
    "": rule.STATUS,
    "concat": rule.CONCAT,
    "first": rule.FIRST,
    "minimum": rule.MINIMUM,
    "one_ok": rule.ONE_OK,
    "random": rule.RANDOM,
    "status": rule.STATUS,
    "sum": rule.SUM,
}


class Catalogue:
    """All rows of one pool, and columns of them for the hot path."""

    def __init__(self, config: PoolConfig) -> None:
        """Start with what `config` says."""
        self.rows: tuple[Command, ...] = COMMANDS
        self.index = INDEX
        self.max_keys = 0
        self.database = 0
        self.own: set[int] = set()  # numbers of the rows that replace some
        self.hash_tag = b""
        self.scattered = False  # keys of one request may not live on several servers
        self.build(config)

    def build(self, config: PoolConfig) -> None:
        """Make the table anew."""
        rows, self.own = with_own(config)
        self.index = INDEX
        self.max_keys = config.max_request_keys
        self.database = config.redis_db
        self.hash_tag = config.hash_tag
        self.scattered = (
            config.strict_keys
            and len(config.servers) > 1
            and config.distribution != "random"  # whose servers are all alike
        )
        if len(rows) > len(COMMANDS):
            self.index = CommandIndex([row.name for row in rows])
        rows = self.without_denied(rows, config)
        self.rows = tuple(rows)
        self.how = array("i", [row.how for row in rows])
        self.arity = array("i", [row.arity for row in rows])
        self.first = array("i", [row.first for row in rows])
        self.flags = array("i", [row.flags for row in rows])
        self.times = array("i", [histogram_of(row.flags) for row in rows])

    def without_denied(self, rows: list[Command], config: PoolConfig) -> list[Command]:
        """Return the rows with those turned off that the file denies.

        A name that only a rule for many names covers gets a row of its own.
        """
        known = len(rows)
        for word in config.deny_commands:
            if not any(names(word, row) for row in rows):
                covered = self.covered(rows, word)
                if covered is None:
                    log.warn(
                        "pool '%s' denies what it does not know: %s", config.name, word
                    )
                else:
                    rows.append(covered)
            rows = [denied(row) if names(word, row) else row for row in rows]
        if len(rows) > known:
            self.index = CommandIndex([row.name for row in rows])
        return rows

    def covered(self, rows: list[Command], word: str) -> Command | None:
        """Return a row for a name that has none but is covered by a rule."""
        name = bytearray(word.encode())
        above = self.index.find_prefix(name, 0, len(name))
        if above < 0 or b"|" in name or len(name) > LONGEST_NAME:
            return None
        common = rows[above]
        return common._replace(name=bytes(name), flags=common.flags & ~rule.PREFIX)

    def find(self, args: list[bytes]) -> int:
        """Return the row of a command or of its subcommand, -1 if there is none."""
        name = bytearray(args[0])
        row = self.index.find(name, 0, len(name))
        if row < 0:
            return self.index.find_prefix(name, 0, len(name))
        if self.rows[row].flags & rule.SUBCOMMANDS and len(args) > 1:
            word = bytearray(answers.until_zero(args[1]))  # as older servers read it
            below = self.index.find_below(row, word, 0, len(word))
            return below if below >= 0 else row
        return row

    def objection(self, args: list[bytes], row: int, authenticated: bool) -> bytes:
        """Return why a request is not carried out, nothing if it is.

        What speaks against its keys, `keys` says.
        """
        if row < 0:
            return answers.unknown_command(args[0], args[1:])
        command = self.rows[row]
        if not arity_fits(command.arity, len(args)):
            return answers.wrong_arity(command.name)
        if not authenticated and not command.flags & rule.NO_AUTH:
            return answers.NOT_AUTHENTICATED
        if command.flags & rule.SUBCOMMANDS and row not in self.own:
            if len(args) > 1:
                return answers.unknown_subcommand(command.name, args[1])
            if command.arity != -1:
                return answers.wrong_arity(command.name)
        if command.how == rule.REFUSED:
            return refusal(command)
        if command.flags & rule.BLOCK_OPTION and waits(command, args):
            return answers.refused(command.name, b"with BLOCK " + BLOCKS)
        if command.flags & rule.DB_OPTION and other_database(args, self.database):
            return answers.refused(command.name, b"with DB, for " + DATABASE)
        if command.flags & WATCHED:
            return objection_to_echoes(command, args)
        return b""

    def keys(self, command: Command, args: list[bytes]) -> tuple[list[int], bytes]:
        """Return which words say where a request goes, and why they are not taken.

        Those are its keys and, where keys live on several servers, patterns of others.
        """
        found = positions(command, args)
        if len(found) > self.max_keys:
            return found, answers.too_many_keys(len(found), self.max_keys)
        for i in found:
            if len(args[i]) > limits.MAX_KEY_BYTES:
                too_long = answers.key_too_long(len(args[i]), limits.MAX_KEY_BYTES)
                return found, too_long
        patterns = lookups(command, args) if self.scattered else []
        if all(pinned(args[i], self.hash_tag) for i in patterns):
            return found + patterns, b""
        return found, answers.CROSS_SLOT


def objection_to_echoes(command: Command, args: list[bytes]) -> bytes:
    """Return why words are not passed on that a server would answer with two replies.

    Valkey 9 repeats an unknown option of FUNCTION LIST in its error, and all servers
    repeat the words of a script's first line, escapes undone: a line end in there
    ends the error, and what follows would be the reply to another client.
    """
    if command.flags & rule.ECHOES:
        for word in args:
            if b"\r" in word or b"\n" in word:
                return answers.unknown_argument(word)
        return b""
    for word in args[1:2] if command.numkeys else args[1:]:
        line = word.partition(b"\n")[0]
        if line[:2] == b"#!" and (b"\\" in line or b"\r" in line[:-1]):
            return ESCAPES
    return b""


def refusal(command: Command) -> bytes:
    """Return the error for a command that is not carried out."""
    if command.reason:
        return answers.refused(command.name, command.reason)
    return answers.denied(command.name)


def denied(row: Command) -> Command:
    """Return a row that is turned off; a refused one keeps its own reason."""
    if row.how == rule.REFUSED:
        return row
    return row._replace(how=rule.REFUSED, flags=row.flags & ~rule.NO_AUTH, reason=b"")


def names(word: str, row: Command) -> bool:
    """Tell whether a word of `deny_commands` means a row."""
    name = word.encode()
    if name in CATEGORIES:
        return bool(row.flags & CATEGORIES[name])
    if row.name == name or row.name.startswith(name + b"|"):
        return True
    return name.endswith(b".") and row.name.startswith(name)


def with_own(config: PoolConfig) -> tuple[list[Command], set[int]]:
    """Return the rows of everybody and of the file, and the numbers of those replaced.

    A line for a command with subcommands is for all of them but those with lines of
    their own; they keep their rows, so that they can be denied. What loads scripts
    stays as it is.
    """
    rows = list(COMMANDS)
    numbers = dict(ROW)
    named = {own.name.encode() for own in config.commands}
    replaced: set[int] = set()
    for own in config.commands:
        row = row_of(own)
        if row.name not in numbers:
            numbers[row.name] = len(rows)
            rows.append(row)
            continue
        at = numbers[row.name]
        replaced.add(at)
        for i, former in enumerate(COMMANDS):
            below = former.name.startswith(row.name + b"|")
            if former.flags & rule.CODE and former.how == rule.FANOUT:
                continue  # only as ours it is sent with a fence behind it
            if i == at or (below and former.name not in named):
                kept = former.flags & KEPT
                rows[i] = row._replace(name=former.name, flags=row.flags | kept)
    return rows, replaced


def row_of(own: CommandRule) -> Command:
    """Return the row that a line of `commands` describes."""
    how = HOW[own.how]
    return Command(
        own.name.encode(),
        own.arity,
        how,
        rule.READ if own.reads else rule.WRITE,
        own.first,
        own.last,
        own.step,
        own.numkeys,
        merge=MERGE[own.merge] if how == rule.FANOUT else rule.NONE,
    )
