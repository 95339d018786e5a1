"""Facts of a statistics document, read with care: a pool may have the name of one."""

from collections.abc import Mapping
from typing import Any, Final, TypeGuard

from twemproxy.console.words import printable

UNKNOWN: Final = "?"
MAX_NUMBER: Final = (1 << 63) - 1

Document = Mapping[str, Any]  # the whole, or the part of a pool or of a server


def is_number(value: object) -> TypeGuard[int]:
    """Tell whether a value is a number as counters are, of 64 bits."""
    return type(value) is int and abs(value) <= MAX_NUMBER


def number(part: Document, name: str) -> int | None:
    """Return a number, None where there is none of this name."""
    value = part.get(name)
    return value if is_number(value) else None


def count(part: Document, name: str) -> int:
    """Return a number, 0 where there is none of this name."""
    return number(part, name) or 0


def text(part: Document, name: str) -> str:
    """Return a text, `UNKNOWN` where there is none of this name."""
    value = part.get(name)
    return printable(value) if isinstance(value, str) else UNKNOWN


def within(part: Document, name: str) -> Document:
    """Return the pool or server of this name, empty where there is none."""
    value = part.get(name)
    return value if isinstance(value, dict) else {}


def parts(part: Document) -> list[tuple[str, Document]]:
    """Return the pools of a document, or the servers of a pool, with their names."""
    return [(name, inner) for name, inner in part.items() if isinstance(inner, dict)]
