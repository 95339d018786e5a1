"""`nutcracker plan`: what a new configuration would change, before it does."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from twemproxy.config.diff import Change, PoolChange, diff, redacted
from twemproxy.config.load import load
from twemproxy.config.model import Config
from twemproxy.config.problems import ConfigFileError
from twemproxy.console.movement import DEFAULT_SAMPLE, Movement, measure, sample
from twemproxy.console.running import (
    Unreachable,
    add_running_words,
    find_running,
    is_named,
)
from twemproxy.console.traps import warnings
from twemproxy.console.words import (
    complain,
    natural,
    show,
    show_json,
    table,
    words,
)
from twemproxy.errors import ConfigError
from twemproxy.ring import Keys

NOTHING_MOVES: Final = 0
KEYS_MOVE: Final = 2
TOO_MUCH_MOVES: Final = 3
MAX_FLOWS: Final = 12  # shown in the table, the largest first


class PoolPlan(NamedTuple):
    """Everything there is to say about one pool."""

    change: PoolChange
    movement: Movement
    warnings: list[str]


def main(argv: list[str]) -> int:
    """Compare, measure, print; the status tells whether any key moves."""
    parser = words("plan", __doc__ or "")
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="OLD NEW, or NEW alone"
    )
    parser.add_argument(
        "--keys", type=Path, metavar="FILE", help="a file of real keys, one a line"
    )
    parser.add_argument(
        "--sample",
        type=natural,
        default=DEFAULT_SAMPLE,
        metavar="N",
        help="how many keys to try",
    )
    parser.add_argument(
        "--max-moved", type=_share, metavar="N%", help="refuse if more keys move"
    )
    add_running_words(parser)
    asked = parser.parse_args(argv)
    if len(asked.files) > 2:  # noqa: PLR2004 # old and new
        parser.error("expected OLD NEW, or NEW alone")
    if len(asked.files) > 1 and is_named(asked):
        parser.error("two files are compared with each other: name no running proxy")
    try:
        old, new = _configurations(asked)
        keys = _keys(asked.keys, asked.sample)
    except ConfigFileError as failure:
        return complain("\n".join(failure.report()))
    except (OSError, Unreachable, ConfigError) as failure:
        return complain(str(failure))
    plans = plan(old, new, keys)
    if asked.json:
        show_json(as_json(plans, len(keys)))
    else:
        show(as_text(plans, len(keys), real=asked.keys is not None))
    return _verdict(plans, asked.max_moved)


def plan(old: Config, new: Config, keys: list[bytes]) -> list[PoolPlan]:
    """Look at every pool; only those that change can lose keys."""
    plans = []
    tried = Keys(keys)
    for change in diff(old, new):
        before = None if change.kind is Change.SAME else change.old
        movement = measure(before, change.new, tried)
        plans.append(PoolPlan(change, movement, warnings(change, movement)))
    return plans


def _configurations(asked: argparse.Namespace) -> tuple[Config, Config]:
    if len(asked.files) > 1:
        return load(asked.files[0]), load(asked.files[1])
    new = load(asked.files[0])
    return find_running(asked).config(), redacted(new)


def _keys(file: Path | None, count: int) -> list[bytes]:
    if file is None:
        return list(sample(count))
    try:
        keys = [line for line in file.read_bytes().splitlines() if line]
    except OSError as failure:
        raise ConfigError(f"no keys from '{file}': {failure.strerror}") from failure
    if not keys:
        raise ConfigError(f"no keys in '{file}'")  # nothing measured is no verdict
    return keys


def _share(text: str) -> float:
    """Read a percentage."""
    try:
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"found '{text}', expected 0% to 100%")
    return share


def _verdict(plans: list[PoolPlan], max_moved: float | None) -> int:
    moved = max((plan.movement.share for plan in plans), default=0.0)
    if max_moved is not None and moved > max_moved:
        complain(f"{moved:.1%} of the keys of a pool move, allowed are {max_moved:.1%}")
        return TOO_MUCH_MOVES
    return KEYS_MOVE if moved else NOTHING_MOVES


def as_json(plans: Iterable[PoolPlan], keys: int) -> dict[str, Any]:
    """Put a plan as programs read it."""
    return {"keys": keys, "pools": [_pool_json(plan) for plan in plans]}


def _pool_json(plan: PoolPlan) -> dict[str, Any]:
    change, movement = plan.change, plan.movement
    flows = [
        {"from": source, "to": target, "keys": count}
        for (source, target), count in _largest(movement)
    ]
    return {
        "name": change.name,
        "change": change.kind.value,
        "settings": [setting._asdict() for setting in change.settings],
        "servers": [
            {**server._asdict(), "kind": server.kind.value} for server in change.servers
        ],
        "moved": movement.moved,
        "share": movement.share,
        "flows": flows,
        "shares": movement.shares,
        "warnings": plan.warnings,
    }


def as_text(plans: Iterable[PoolPlan], keys: int, real: bool = False) -> str:
    """Put a plan as people read it."""
    what = "keys of the file" if real else "sampled keys"
    parts = ["\n".join(_pool_text(plan)) + "\n" for plan in plans]
    return "\n".join([*parts, f"measured with {keys} {what}\n"])


def _pool_text(plan: PoolPlan) -> Iterator[str]:
    change, movement = plan.change, plan.movement
    moves = f", {_percent(movement.share)} of the keys move" if movement.moved else ""
    yield f"pool {change.name}: {change.kind.value}{moves}"
    rows = [
        *((row.key, row.old, "->", row.new) for row in change.settings),
        *(
            (f"server {row.kind.value}", row.old or "-", "->", row.new or "-")
            for row in change.servers
        ),
    ]
    yield from _block(rows)
    flows = _largest(movement)
    yield from _block(
        [
            ("keys move", source, "->", target, _percent(count / movement.keys))
            for (source, target), count in flows[:MAX_FLOWS]
        ]
    )
    if len(flows) > MAX_FLOWS:
        yield f"  … and {len(flows) - MAX_FLOWS} smaller moves"
    yield from (f"  warning: {text}" for text in plan.warnings)


def _block(rows: Sequence[Sequence[str]]) -> list[str]:
    return table(rows, indent=2, right=4).splitlines() if rows else []


def _largest(movement: Movement) -> list[tuple[tuple[str, str], int]]:
    return sorted(movement.flows.items(), key=lambda flow: (-flow[1], flow[0]))


def _percent(share: float) -> str:
    """Spell a share so that a little is never nothing."""
    return f"{share:.1%}" if share >= 0.001 or not share else "<0.1%"  # noqa: PLR2004
