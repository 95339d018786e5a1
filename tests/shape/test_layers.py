"""The drawing of the rooms, and the proof that imports keep to it.

::

    cold   cli ▸ control ▸ config, stats        cli ▸ demo, console
    hot    worker ▸ proxy ▸ wire, hashing, net, stats counters

`control` starts `worker` as a process, by name: nothing cold imports anything
hot, and hot rooms know of the cold ones only the frozen values of a
configuration. Change the drawing and this test together, or neither.
"""

from pathlib import Path

import pytest

from tests.shape.source import PACKAGE, SOURCE, imports_of, module_of, own_imports_of

# A room is named by the start of its modules' names; the longest match counts.
MAY_IMPORT = {
    "": {"version", "ring"},
    "__main__": {"cli"},
    "cli": {"arguments", "config", "control", "stats", "demo", "console"},
    "arguments": {"config", "control"},
    "config": {"config.model"},
    "config.model": set[str](),
    "control": {
        "adminname",
        "config",
        "config.model",
        "stats",
        "stats.slot",
        "stats.slowlog",
    },
    "stats": {"config", "config.model", "stats.slot", "stats.slowlog"},
    "stats.slot": set[str](),
    "stats.counters": {"stats.slot"},
    "stats.slowlog": set[str](),
    "console": {
        "adminname",
        "console.words",
        "config",
        "config.model",
        "ring",
        "stats",
    },
    "console.words": set[str](),
    "demo": {"console.words"},
    "worker": {"proxy", "net", "config.model", "stats.counters", "stats.slot"},
    "proxy": {
        "wire",
        "hashing",
        "net",
        "config.model",
        "stats.counters",
        "stats.slot",
        "stats.slowlog",
    },
    "wire": set[str](),
    "hashing": set[str](),
    "net": set[str](),
    # A library for people who want the placement without the proxy.
    "ring": {"config", "config.model", "hashing"},
    # What who is asked and who asks have to agree on.
    "adminname": set[str](),
    # Anyone may import these, and they import nothing but each other.
    "errors": set[str](),
    "limits": set[str](),
    "log": set[str](),
    "span": set[str](),
    "version": set[str](),
}
ANYONE = {"errors", "limits", "log", "span", "version"}
# Pure functions of bytes: no socket, clock, logger or randomness.
PURE = {"wire": {"socket", "time", "random", "logging", "os", "select", "asyncio"}}

FILES = sorted(
    path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".pyx", ".pxd"}
)


def room_of(module: str) -> str:
    """The room a module belongs to."""
    rooms = [r for r in MAY_IMPORT if module == r or (r and module.startswith(f"{r}."))]
    assert rooms, f"{module} is in no room: add it to the drawing"
    return max(rooms, key=len)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_follow_the_drawing(path: Path) -> None:
    room = room_of(module_of(path))
    allowed = MAY_IMPORT[room] | ANYONE | {room}
    astray = {name for name in own_imports_of(path) if room_of(name) not in allowed}
    assert not astray, f"{room} may not import {sorted(astray)}"


@pytest.mark.parametrize("room", sorted(PURE))
def test_a_pure_room_imports_nothing_that_acts(room: str) -> None:
    for path in FILES:
        if room_of(module_of(path)) == room:
            assert not imports_of(path) & PURE[room], path
