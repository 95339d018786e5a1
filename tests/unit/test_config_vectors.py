"""Every recorded document: the C program's verdict, and its words in the log."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from twemproxy.config import document
from twemproxy.config.load import parse
from twemproxy.config.problems import ConfigFileError

VECTORS: Final = Path(__file__).parents[1] / "vectors" / "config.json"
CASES: Final[list[dict[str, Any]]] = json.loads(VECTORS.read_text())["cases"]
UNRESOLVABLE: Final = {"[::1]", "no-such-host.invalid"}

STYLE: Final = "mere YAML style is accepted"
OVERFLOW: Final = "a number that does not fit is refused, not wrapped"
MASTER: Final = "a key of the C program's next version"
NUMBER: Final = 'conf: directive "timeout" is not a number'
SERVER: Final = (
    'conf: directive "servers" has an invalid "hostname:port:weight [name]"or '
    '"/path/unix_socket:weight [name]" format string'
)
WEIGHT: Final = (
    'conf: directive "servers" has an invalid weight in "hostname:port:weight [name]" '
    "format string"
)
REUSEPORT: Final = 'conf: directive "reuseport" is not "true" or "false"'

# Case: (reason, what we log; None where we accept).
DEVIATIONS: Final[dict[str, tuple[str, str | None]]] = {
    "hash_tag {}": (STYLE, "conf: '@FILE@' has a depth greater than 2"),
    "servers flow": (STYLE, None),
    "document start": (STYLE, None),
    "document end": (STYLE, None),
    "yaml directive": (STYLE, None),
    "anchor": (STYLE, None),
    "alias": (STYLE, SERVER),
    "flow mapping": (STYLE, None),
    "timeout 99999999999": (OVERFLOW, NUMBER),
    "timeout 4294967301": (OVERFLOW, NUMBER),
    "server 127.0.0.1:6379:99999999999": (OVERFLOW, WEIGHT),
    'server "127.0.0.1:6379:1 "': ("an empty name is refused", SERVER),
    "reuseport true": (MASTER, None),
    "reuseport false": (MASTER, None),
    "reuseport yes": (MASTER, REUSEPORT),
    "reuseport True": (MASTER, REUSEPORT),
}


def resolve(host: str, _port: int) -> str:
    return "Name or service not known" if host in UNRESOLVABLE else ""


def expected(case: dict[str, Any]) -> list[str] | None:
    """Give the log lines of a refusal, or None for a file that is accepted."""
    if case["name"] in DEVIATIONS:
        line = DEVIATIONS[case["name"]][1]
        return None if line is None else [line]
    return case["run"]["log"] if case["test"]["exit"] else None


def refusal(case: dict[str, Any]) -> ConfigFileError | None:
    try:
        parse(case["yaml"].encode("latin-1"), "@FILE@", resolve)
    except ConfigFileError as error:
        return error
    return None


def log_of(case: dict[str, Any]) -> list[str] | None:
    error = refusal(case)
    return list(error.log_lines) if error else None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_verdict_and_log_are_the_c_programs(case: dict[str, Any]) -> None:
    assert log_of(case) == expected(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_pyyaml_without_libyaml_agrees(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "_LOADER", yaml.SafeLoader)
    assert log_of(case) == expected(case)


def test_every_deviation_is_needed() -> None:
    recorded = {
        case["name"]: case["run"]["log"] if case["test"]["exit"] else None
        for case in CASES
    }
    for name, (_reason, line) in DEVIATIONS.items():
        assert recorded[name] != (None if line is None else [line])


def test_every_problem_says_what_was_found_and_expected() -> None:
    errors = [error for case in CASES if (error := refusal(case))]
    assert errors
    for error in errors:
        assert all(problem.found and problem.expected for problem in error.problems)
        assert all(line.startswith("@FILE@:") for line in error.report())
