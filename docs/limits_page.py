"""The page of all limits, made from the table in ``limits.py`` and its comments."""

import io
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from twemproxy import limits

HEAD: Final = """\
# Limits

    $ printf '*2000000\\r\\n' | nc 127.0.0.1 22121
    -ERR Protocol error: invalid multibulk length

Whatever a peer sends, a limit says how much of it is taken. Reaching a limit on
memory stops reading from that peer; nothing is dropped or reordered. Memory is
taken as bytes arrive, never because a length was announced.
This page is made from the table of limits by `make docs`.
"""
SOURCE: Final = Path(limits.__file__).with_suffix(".py")
UNITS: Final = ((limits.MIB, "MiB"), (limits.KIB, "KiB"))


def page() -> str:
    """Return the page."""
    return HEAD + "\n".join(lines()) + "\n"


def lines() -> Iterator[str]:
    """Yield a heading for each comment of its own and a row for each constant.

    A constant explains itself by the comment at the end of its statement.
    """
    name = ""
    heads = ["", "| limit | value | |", "|---|---|---|"]
    readline = io.StringIO(SOURCE.read_text()).readline
    for token in tokenize.generate_tokens(readline):
        starts = token.start[1] == 0
        if token.type == tokenize.COMMENT and starts:
            yield from ("", f"## {token.string[2:].rstrip('.')}", *heads)
        elif token.type == tokenize.NAME and starts:
            name = token.string if token.string.isupper() else ""
        elif token.type == tokenize.COMMENT and name:
            yield f"| `{name}` | {amount(name)} | {token.string[2:]} |"


def amount(name: str) -> str:
    """Return the value of a limit as people write it."""
    value: int | float = getattr(limits, name)
    if name.endswith("_BYTES"):
        for size, unit in UNITS:
            if value % size == 0:
                return f"{value // size:,} {unit}"
        return f"{value:,} bytes"
    return f"{value:,.12g}"
