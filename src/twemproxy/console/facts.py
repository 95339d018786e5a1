"""Facts of a statistics document, read with care: a pool may have the name of one."""

from collections.abc import Mapping
from typing import Any, Final

UNKNOWN: Final = "?"

Document = Mapping[str, Any]  # the whole, or the part of a pool or of a server


def number(part: Document, name: str) -> int | None:
    """Return a number, None where there is none of this name."""
    value = part.get(name)
    return value if isinstance(value, int) else None


def count(part: Document, name: str) -> int:
    """Return a number, 0 where there is none of this name."""
    return number(part, name) or 0


def text(part: Document, name: str) -> str:
    """Return a text, `UNKNOWN` where there is none of this name."""
    value = part.get(name)
    return value if isinstance(value, str) else UNKNOWN


def parts(part: Document) -> list[tuple[str, Document]]:
    """Return the pools of a document, or the servers of a pool, with their names."""
    return [(name, inner) for name, inner in part.items() if isinstance(inner, dict)]
