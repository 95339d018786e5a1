"""What the proxy knows about one Redis command."""

from typing import NamedTuple

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


def arity_fits(arity: int, words: int) -> bool:
    """Tell whether a request of so many words, name included, satisfies `arity`."""
    return words == arity if arity >= 0 else words >= -arity
