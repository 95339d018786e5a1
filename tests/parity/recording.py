"""The recorded sessions as values; the files say what each field means."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support.canned import Line

VECTORS: Final = Path(__file__).resolve().parents[1] / "vectors"
QUIET_MS: Final = 120

# What the files hold is whatever JSON holds; it is turned into values right here.
Raw = Any


@dataclass(frozen=True, slots=True)
class Step:
    """What one client connection does, and what it got when this was recorded."""

    conn: int = 0
    send: bytes | None = None
    shutdown: bool = False
    close: bool = False
    sleep_ms: int = 0
    nowait: bool = False
    quiet_ms: int = QUIET_MS
    expect: bytes | None = None
    closed: bool = False

    @property
    def reads(self) -> bool:
        """Whether this step waits for an answer."""
        return not (self.close or self.sleep_ms or self.nowait)


@dataclass(frozen=True, slots=True)
class BackendPlan:
    """One server of a recorded configuration."""

    name: str
    kind: str
    options: tuple[str, ...] = ()
    unix: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """A recorded configuration: servers, file and command line."""

    name: str
    backends: tuple[BackendPlan, ...]
    yml: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """A script of steps under a configuration."""

    name: str
    setting: Setting
    steps: tuple[Step, ...]
    canned: Mapping[str, Sequence[Sequence[Line]]]
    counters: Mapping[str, Raw]


def to_bytes(value: Raw) -> bytes:
    """Decode text that stands for bytes, whole or in repeated pieces."""
    if isinstance(value, str):
        return value.encode("latin-1")
    if isinstance(value, dict):
        return to_bytes(value["repeat"]) * int(value["n"])
    return b"".join(to_bytes(part) for part in value)


def load(file: str) -> Raw:
    """Read a whole vector file."""
    return json.loads((VECTORS / file).read_text(encoding="utf-8"))


def sessions(file: str) -> list[Session]:
    """All sessions of a file, in its order."""
    raw = load(file)
    settings = {name: _setting(name, value) for name, value in raw["configs"].items()}
    return [
        Session(
            name=case["name"],
            setting=settings[case["config"]],
            steps=tuple(_step(step) for step in case["steps"]),
            canned=_scripts(case.get("canned", {})),
            counters=case.get("expect", {}),
        )
        for case in raw.get("sessions") or raw["cases"]
    ]


def _setting(name: str, raw: Raw) -> Setting:
    backends = tuple(
        BackendPlan(
            row["id"], row["kind"], tuple(row.get("args", ())), row.get("unix", False)
        )
        for row in raw["backends"]
    )
    return Setting(name, backends, raw["yml"], tuple(raw["args"]))


def _step(raw: Raw) -> Step:
    fields = dict(raw)
    for key in ("send", "expect"):
        if key in fields:
            fields[key] = to_bytes(fields[key])
    return Step(**fields)


def _scripts(raw: Raw) -> dict[str, list[list[Line]]]:
    return {
        backend: [[_line(line) for line in script] for script in scripts]
        for backend, scripts in raw.items()
    }


def _line(raw: Raw) -> Line:
    return Line(
        until=to_bytes(raw.get("until", "")),
        delay_ms=raw.get("delay", 0),
        send=to_bytes(raw.get("send", "")),
        close=raw.get("close", False),
        reset=raw.get("rst", False),
    )
