"""What a proxy answers, and what an answer of another program lacks.

A shape is a type, `COUNT`, a list of one shape for all its items, a tuple of one for
each, a mapping of the names that have to be there, or `Each` for a mapping of names
that nobody knows.
"""

import json
from types import UnionType
from typing import Any, Final, NamedTuple, get_args, get_origin, get_type_hints

from twemproxy.config.model import PoolConfig
from twemproxy.console.facts import is_number
from twemproxy.console.words import printable
from twemproxy.stats.metrics import HISTOGRAM_BUCKETS

MAX_SHOWN: Final = 40


class Each(NamedTuple):
    """A mapping whose values have one shape."""

    shape: Any


COUNT: Final = object()
BUCKETS: Final = (COUNT,) * HISTOGRAM_BUCKETS
VERDICT: Final = {"reloaded": bool, "reason": str, "generation": COUNT}
# The C program's has it, too; a pool of that name takes its place.
DOCUMENT: Final = {"service": str | dict}
STATE: Final = {
    "stats": DOCUMENT,
    "histograms": Each(
        {"times": Each(BUCKETS), "servers": Each({"queue": BUCKETS, "server": BUCKETS})}
    ),
}
_TEXTS: Final = ("pool", "command", "key", "client", "server")
_TIMES: Final = ("time_us", "total_us", "queue_us", "server_us", "proxy_us")
SLOWLOG: Final = [dict.fromkeys(_TEXTS, str) | dict.fromkeys(_TIMES, COUNT)]

NO_JSON: Final = object()
_MISSING: Final = object()


def misfit(value: Any, shape: Any, where: str = "") -> str | None:
    """Say what was found where something else is expected; None where all fits."""
    wanted = _kind(shape)
    right = is_number(value) if shape is COUNT else isinstance(value, wanted)
    if right and isinstance(shape, tuple) and wanted is list:
        right = len(value) == len(shape)
    if not right:
        return f"{_shown(value)} as {where}" if where else _shown(value)
    for name, inner, part in _parts(value, shape):
        at = printable(str(name))
        found = misfit(inner, part, f"{where}.{at}" if where else at)
        if found:
            return found
    return None


def _kind(shape: Any) -> type | UnionType:
    """Return the type that a value of this shape has."""
    if isinstance(shape, type | UnionType):
        return shape
    if isinstance(shape, Each | dict):
        return dict
    return int if shape is COUNT else list


def _parts(value: Any, shape: Any) -> list[tuple[object, Any, Any]]:
    """Return names, values and shapes of what a value consists of."""
    if isinstance(shape, dict):
        return [(name, value.get(name, _MISSING), shape[name]) for name in shape]
    if isinstance(shape, Each):
        return [(name, inner, shape.shape) for name, inner in value.items()]
    if isinstance(shape, list | tuple):
        inner = shape if isinstance(shape, tuple) else shape * len(value)
        return list(zip(range(len(value)), value, inner, strict=True))
    return []


def shape_of(hint: Any) -> Any:
    """Return the shape of a field of a configuration as it travels."""
    if get_origin(hint) is tuple:  # of any number
        return [shape_of(get_args(hint)[0])]
    if issubclass(hint, tuple):
        return tuple(map(shape_of, get_type_hints(hint).values()))
    return {int: COUNT, bytes: str}.get(hint, hint)


CONFIG: Final = [shape_of(PoolConfig)]


def _shown(value: object) -> str:
    if value is _MISSING:
        return "nothing"
    if value is NO_JSON:
        return "no JSON"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    text = json.dumps(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
