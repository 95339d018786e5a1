"""What the proxy knows about one Redis command, and short ways to say it."""

from typing import Final, NamedTuple

from twemproxy.wire import rule


class Command(NamedTuple):
    """One row. Positions count the command name as argument 0, as COMMAND does.

    The keys are those of the range `first`, `last`, `step` (a `last` below zero
    counts from the end, `first` 0 means none), then the counted ones: argument
    `numkeys` says how many follow it, `step` apart. `where` adds the odd cases.
    """

    name: bytes  # lower case; `config|get` below `config`; `json.` is a prefix
    arity: int  # words of the request, below zero: at least that many
    how: int  # rule.LOCAL ... rule.REFUSED
    flags: int = 0
    first: int = 0
    last: int = 0
    step: int = 0
    numkeys: int = 0
    where: int = rule.BY_POSITION
    merge: int = rule.NONE
    reason: bytes = b""  # why it is refused, the end of the error line


# The categories that flags stand for, in Redis's words.
CATEGORIES: Final = {
    b"@read": rule.READ,
    b"@write": rule.WRITE,
    b"@blocking": rule.BLOCKING,
    b"@admin": rule.ADMIN,
    b"@pubsub": rule.PUBSUB,
    b"@scripting": rule.SCRIPT,
    b"@dangerous": rule.DANGEROUS,
}

# Why commands are refused.
BLOCKS: Final = b"it would block a server connection that other clients share"
TRANSACTION: Final = b"a transaction needs a server connection of its own"
SUBSCRIPTION: Final = b"a subscription needs a server connection of its own"
MONITORING: Final = b"a monitor needs a server connection of its own"
CHANNEL: Final = b"a channel lives on one server and its subscribers are not known here"
SESSION: Final = b"it changes a server connection that other clients share"
MANAGEMENT: Final = b"it manages one server, so connect to that server"
REPLICATION: Final = b"replication is a matter between servers"
PAYLOAD: Final = b"a server may repeat what is in the payload as a reply of its own"
CLUSTER: Final = b"the servers of this pool are not a cluster"
DATABASE: Final = b"a pool has one database"
SEARCH: Final = b"it searches all keys of one server and names none"


def one(name: bytes, arity: int, flags: int, at: int = 1) -> Command:
    """Return the row of a command with one key."""
    return Command(name, arity, rule.SINGLE, flags, at, at, 1)


def same(
    name: bytes,
    arity: int,
    flags: int,
    keys: tuple[int, int, int],
    where: int = rule.BY_POSITION,
) -> Command:
    """Return the row of a command whose keys must share a server."""
    return Command(name, arity, rule.SAME, flags, *keys, where=where)


def counted(
    name: bytes, arity: int, flags: int, numkeys: int, first: int = 0
) -> Command:
    """Return the row of a command that says how many keys it has."""
    return Command(name, arity, rule.SAME, flags, first, first, 1, numkeys)


def local(name: bytes, arity: int, flags: int = 0) -> Command:
    """Return the row of a command that the proxy answers."""
    return Command(name, arity, rule.LOCAL, flags)


def anywhere(name: bytes, arity: int, flags: int = 0) -> Command:
    """Return the row of a command that any server can answer."""
    return Command(name, arity, rule.ANY, flags)


def fanout(name: bytes, arity: int, merge: int, flags: int = 0) -> Command:
    """Return the row of a command for every server."""
    return Command(name, arity, rule.FANOUT, flags, merge=merge)


def refused(
    name: bytes,
    arity: int,
    reason: bytes,
    flags: int = 0,
    keys: tuple[int, int, int] = (0, 0, 0),
) -> Command:
    """Return the row of a command that gets an error naming the reason."""
    return Command(name, arity, rule.REFUSED, flags, *keys, reason=reason)


def container(name: bytes, arity: int = -2) -> Command:
    """Return the row of a command that means nothing without its second word."""
    return Command(name, arity, rule.LOCAL, rule.SUBCOMMANDS)


def closed(name: bytes, reason: bytes, flags: int, words: bytes) -> tuple[Command, ...]:
    """Return a container that refuses `words`: subcommands with their arities."""
    pairs = words.split()
    below = [
        refused(name + b"|" + word, int(arity), reason, flags)
        for word, arity in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    return container(name), *below


def arity_fits(arity: int, words: int) -> bool:
    """Tell whether a request of so many words, name included, satisfies `arity`."""
    return words == arity if arity >= 0 else words >= -arity
