"""Lines of `commands`: what a pool says about a command in one line.

    graph.query key
    graph.union keys numkeys=1 read
    graph.flush all merge=status

A name, then where requests go: `key` to the server of one key, `keys` to the one
server of several, `any` to any server, `all` to all of them. Then options.
"""

from typing import Final

from twemproxy.config.model import CommandRule

FORM: Final = (
    "'name key|keys|any|all [key=N] [keys=FIRST:LAST:STEP] [numkeys=N] [arity=N] "
    "[merge=status|sum|concat|first|minimum|random|one_ok] [read]'"
)
PLACES: Final = ("key", "keys", "any", "all")
MERGES: Final = ("status", "sum", "concat", "first", "minimum", "random", "one_ok")
MAX_NUMBER: Final = 1024


def parse_command(text: str) -> CommandRule | None:
    """Read one line; None when it does not follow the form."""
    name, *words = text.split()
    if not words or words[0] not in PLACES or not _is_name(name):
        return None
    found: dict[str, str] = {}
    for word in words[1:]:
        option, _, value = word.partition("=")
        if option in found:
            return None
        found[option] = value
    return _rule(name.lower(), words[0], found)


def _is_name(text: str) -> bool:
    """Tell whether a text can be a command's name."""
    return text.isascii() and text.isprintable() and len(text) < MAX_NUMBER // 8


def _rule(name: str, how: str, options: dict[str, str]) -> CommandRule | None:
    """Put the options together; None when one is not as it must be."""
    reads = options.pop("read", None)
    merge = options.pop("merge", "status")
    positions = _positions(how, options)
    numkeys = _number(options.pop("numkeys", "0"))
    arity = _number(options.pop("arity", "-1"))
    if options or reads or merge not in MERGES or None in (positions, numkeys, arity):
        return None
    if positions is None or numkeys is None or arity is None or arity == 0:
        return None
    first, last, step = positions
    if how == "keys" and not first and not numkeys:
        return None
    if arity == -1 and (first or numkeys):
        arity = -1 - max(first, numkeys)
    if how == "key" and abs(arity) <= first:  # it could come without its key
        return None
    merge = merge if how == "all" else ""
    return CommandRule(name, how, arity, first, last, step, numkeys, merge, reads == "")


def _positions(how: str, options: dict[str, str]) -> tuple[int, int, int] | None:
    """Return the first and the last key and how far apart they are."""
    one = _number(options.pop("key", "1" if how == "key" else "0"))
    several = options.pop("keys", "")
    if how == "key" and one is not None and one > 0 and not several:
        return one, one, 1
    if how != "keys" or one or not several:
        return (0, 0, 1) if how != "key" and not one and not several else None
    numbers = [_number(part) for part in several.split(":")]
    if len(numbers) != len(("first", "last", "step")):
        return None
    first, last, step = numbers
    if first is None or last is None or step is None or first < 1 or step < 1:
        return None
    return first, last, step


def _number(text: str) -> int | None:
    """Return a small whole number."""
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or int(digits[:8]) > MAX_NUMBER:
        return None
    return int(text)
