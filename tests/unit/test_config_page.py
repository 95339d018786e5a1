"""The table of settings, and everything that is made from it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml

from twemproxy.cli import main
from twemproxy.config.load import load, parse
from twemproxy.config.model import PoolConfig
from twemproxy.config.page import page
from twemproxy.config.problems import ConfigFileError
from twemproxy.config.schema import schema
from twemproxy.config.settings import SETTINGS

ROOT: Final = Path(__file__).parents[2]
VECTORS: Final = ROOT / "tests" / "vectors" / "config.json"
EXAMPLES: Final = sorted((ROOT / "conf").glob("*.yml"))

# Editors read these values with a type that the text does not show any more, or
# they need the resolver.
BEYOND_A_SCHEMA: Final = {"leading zeros", "numeric pool name", "reuseport yes"}


def test_every_row_is_a_field_of_a_pool() -> None:
    assert {row.field for row in SETTINGS} | {"name"} == set(PoolConfig._fields)
    assert len({row.key for row in SETTINGS}) == len(SETTINGS)


def test_the_manual_is_made_from_the_table() -> None:
    manual = ROOT / "docs" / "configuration.md"
    assert manual.read_text() == page(), "make docs writes it"


def test_the_manuals_examples_are_true() -> None:
    blocks = page().split("```yaml\n")[1:]
    for block in blocks:
        parse(block.split("```")[0].encode(), "manual.yml")
    text = "alpha:\n  listen: 127.0.0.1:1\n  timout: 5\n  servers: [x:1:1]\n"
    with pytest.raises(ConfigFileError) as caught:
        parse(text.encode(), "typo.yml")
    assert caught.value.report()[0] in page()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_a_valid_file(path: Path) -> None:
    config = load(str(path))
    assert config.pools
    jsonschema.validate(yaml.safe_load(path.read_text()), schema())


def accepted_cases() -> list[Any]:
    cases = json.loads(VECTORS.read_text())["cases"]
    return [
        pytest.param(case["yaml"], id=case["name"])
        for case in cases
        if case["test"]["exit"] == 0 and case["name"] not in BEYOND_A_SCHEMA
        # Wrapped numbers and the empty name: the C program alone takes them.
        if "99999999999" not in case["yaml"]
        if "4294967301" not in case["yaml"]
        if ':1 "' not in case["yaml"]
    ]


@pytest.mark.parametrize("text", accepted_cases())
def test_the_schema_accepts_what_the_parser_accepts(text: str) -> None:
    jsonschema.validate(yaml.safe_load(text.encode("latin-1")), schema())


@pytest.mark.parametrize(
    "line",
    [
        "timout: 5",
        "timeout: -1",
        "timeout: 5 ms",
        "hash: sha1",
        "redis: maybe",
        "server_connections: 0",
        "hash_tag: '{}}'",
        "timeout: 2147483648",
    ],
)
def test_the_schema_refuses_common_mistakes(line: str) -> None:
    text = f"a:\n  listen: 127.0.0.1:1\n  {line}\n  servers: [x:1:1]\n"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), schema())


def test_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schema()
    assert main(["schema", "--markdown"]) == 0
    assert capsys.readouterr().out == page()
    assert main(["schema", "--help"]) == 0
    assert main(["schema", "nonsense"]) == 1
    assert "Usage: nutcracker schema" in capsys.readouterr().err


def test_a_disk_that_is_full_is_told_in_a_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "twemproxy", "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    said = "nutcracker: cannot print: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, said)
