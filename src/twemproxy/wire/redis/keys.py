"""Where the keys of one request are, by the row of its command.

For the commands whose keys positions alone do not tell, and for COMMAND GETKEYS.
Arguments count from the command name, which is number 0. What is not well formed
has no keys: the server that then gets the request words the error.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from twemproxy.wire import rule
from twemproxy.wire.redis.answers import until_zero
from twemproxy.wire.redis.commands.row import Command

MAX_DIGITS: Final = 10  # of a number of keys
LONGEST_WORD: Final = len(b"STOREDIST")

# Options that take values, which must not be mistaken for words.
STREAM_OPTIONS: Final = {
    b"BLOCK": 1,
    b"CLAIM": 1,
    b"COUNT": 1,
    b"GROUP": 2,
    b"MAXCOUNT": 1,
    b"MAXSIZE": 1,
}
SORT_OPTIONS: Final = {b"BY": 1, b"GET": 1, b"LIMIT": 2, b"STORE": 1, b"STOREDIST": 1}
LOOKUPS: Final = (b"BY", b"GET")


def positions(row: Command, args: Sequence[bytes]) -> list[int]:
    """Return the argument numbers of all keys, in order, each once."""
    found = list(in_range(row, len(args)))
    if row.numkeys:
        found += counted(row, args)
    elif row.where == rule.AFTER_STREAMS:
        found += after_streams(args)
    elif row.where in (rule.AFTER_STORE, rule.AFTER_SORT):
        found += after_store(row, args)
    elif row.where == rule.AFTER_KEYS and not args[row.first]:
        found = after_keys(args) or found
    return found


def in_range(row: Command, count: int) -> range:
    """Return the positions that `first`, `last` and `step` name."""
    if not row.first:
        return range(0)
    last = row.last if row.last >= 0 else count + row.last
    return range(row.first, min(last + 1, count), row.step)


def counted(row: Command, args: Sequence[bytes]) -> list[int]:
    """Return the keys after a number of keys that is a number and fits."""
    digits = args[row.numkeys] if row.numkeys < len(args) else b""
    if not digits.isdigit() or len(digits) > MAX_DIGITS:
        return []
    first = row.numkeys + 1
    end = first + int(digits) * row.step
    return list(range(first, end, row.step)) if end <= len(args) else []


def words(
    args: Sequence[bytes], start: int, options: dict[bytes, int]
) -> Iterator[tuple[int, bytes]]:
    """Yield each option from `start` on, upper case, without its values.

    To a server a zero byte ends the word.
    """
    i = start
    while i < len(args):
        text = until_zero(args[i][: LONGEST_WORD + 1])
        word = text.upper() if len(text) <= LONGEST_WORD else b""
        yield i, word
        i += 1 + options.get(word, 0)


def after_streams(args: Sequence[bytes]) -> list[int]:
    """Return the first half of what follows STREAMS; the other half are IDs."""
    for i, word in words(args, 1, STREAM_OPTIONS):
        if word == b"STREAMS":
            rest = len(args) - i - 1
            return list(range(i + 1, i + 1 + rest // 2)) if rest % 2 == 0 else []
    return []


def after_store(row: Command, args: Sequence[bytes]) -> list[int]:
    """Return the destination of SORT and GEORADIUS, of several the last.

    Options come behind the words that there must be: a member may be called STORE.
    """
    target: list[int] = []
    for i, word in words(args, -row.arity, SORT_OPTIONS):
        if word in {b"STORE", b"STOREDIST"} and i + 1 < len(args):
            target = [i + 1]
    return target


def lookups(row: Command, args: Sequence[bytes]) -> list[int]:
    """Return the patterns of SORT that name other keys: BY and GET with a `*`."""
    if row.where != rule.AFTER_SORT:
        return []
    found = [i + 1 for i, word in words(args, 2, SORT_OPTIONS) if word in LOOKUPS]
    return [i for i in found if i < len(args) and b"*" in args[i]]


def pinned(pattern: bytes, tag: bytes) -> bool:
    """Tell whether the hash tag of a pattern places it, whatever the `*` stands for."""
    start = pattern.find(tag[:1]) if tag else -1
    end = pattern.find(tag[1:], start + 1)
    return 0 <= start < end - 1 and b"*" not in pattern[:end]


def after_keys(args: Sequence[bytes]) -> list[int]:
    """Return what follows the word KEYS of MIGRATE."""
    for i, word in words(args, 6, {b"AUTH": 1, b"AUTH2": 2}):
        if word == b"KEYS":
            return list(range(i + 1, len(args)))
    return []


def waits(row: Command, args: Sequence[bytes]) -> bool:
    """Tell whether a command that may block was asked to, by its word BLOCK."""
    start = 1 if row.where == rule.AFTER_STREAMS else 2
    for _, word in words(args, start, STREAM_OPTIONS):
        if word == b"BLOCK":
            return True
        if word == b"STREAMS":
            break
    return False


def other_database(args: Sequence[bytes], own: int) -> bool:
    """Tell whether COPY was asked to reach another database than our `own`."""
    for i, word in words(args, 3, {b"DB": 1}):
        if word == b"DB":
            if args[i + 1 : i + 2] != [b"%d" % own]:
                return True
        elif word != b"REPLACE":  # the server refuses that, whatever comes behind
            break
    return False
