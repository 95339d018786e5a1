"""`nutcracker plan`: what changes, which keys move, what to beware of."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from twemproxy import cli
from twemproxy.config.load import parse
from twemproxy.config.model import Config
from twemproxy.console.movement import sample
from twemproxy.console.plan import PoolPlan, plan

Capture = pytest.CaptureFixture[str]

THREE = ("h:1:1 a", "h:2:1 b", "h:3:1 c")


def config(*servers: str, **settings: str) -> Config:
    """Read a file with one redis pool."""
    chosen = {"listen": "127.0.0.1:1", "redis": "true", "timeout": "400", **settings}
    lines = ["alpha:", *(f"  {key}: {value}" for key, value in chosen.items())]
    lines += ["  servers:", *(f"   - {server}" for server in servers)]
    return parse("\n".join([*lines, ""]).encode(), "f.yml")


def planned(old: Config, new: Config) -> PoolPlan:
    """Plan the one pool."""
    (only,) = plan(old, new, list(sample(5000)))
    return only


def warned(word: str, *servers: str, **settings: str) -> bool:
    """Whether a fresh pool is warned of with this word."""
    fresh = planned(Config(()), config(*(servers or THREE), **settings))
    return any(word in text for text in fresh.warnings)


def test_the_same_file_moves_nothing() -> None:
    same = planned(config(*THREE), config(*THREE))
    assert (same.movement.moved, same.change.kind.value) == (0, "same")
    assert same.warnings == []


def test_a_setting_that_changes_is_named_and_moves_nothing() -> None:
    changed = planned(config(*THREE), config(*THREE, timeout="500"))
    assert changed.change.settings == (("timeout", "400", "500"),)
    assert changed.movement.moved == 0


def test_a_fourth_server_takes_a_quarter_and_only_to_itself() -> None:
    changed = planned(config(*THREE), config(*THREE, "h:4:1 d"))
    assert changed.movement.share == pytest.approx(0.25, abs=0.05)
    assert {target for _, target in changed.movement.flows} == {"d"}


def test_a_named_server_keeps_its_keys_at_a_new_address() -> None:
    changed = planned(config(*THREE), config("x:9:1 a", *THREE[1:]))
    assert changed.movement.moved == 0
    assert [server.kind.value for server in changed.change.servers] == ["readdressed"]
    assert any("bring the data" in text for text in changed.warnings)


def test_an_unnamed_server_loses_its_keys_with_its_address() -> None:
    changed = planned(config("h:1:1", *THREE[1:]), config("h:7:1", *THREE[1:]))
    assert changed.movement.share > 0.2
    assert any("had no name" in text for text in changed.warnings)


def test_naming_a_server_moves_keys_but_not_those_that_come_back_to_it() -> None:
    changed = planned(config("h:1:1", *THREE[1:]), config(*THREE))
    assert [server.kind.value for server in changed.change.servers] == ["renamed"]
    assert ("h:1", "a") not in changed.movement.flows
    assert changed.movement.moved > 0


def test_another_database_takes_every_key() -> None:
    changed = planned(config(*THREE), config(*THREE, redis_db="2"))
    assert changed.movement.share == 1
    assert ("a db 0", "a db 2") in changed.movement.flows


def test_a_pool_that_goes_takes_all_its_keys_along() -> None:
    gone = planned(config(*THREE), Config(()))
    assert gone.movement.share == 1
    assert {target for _, target in gone.movement.flows} == {"(gone)"}


def test_random_has_no_keys_to_move_until_a_key_gets_a_place() -> None:
    anywhere = config(*THREE, distribution="random")
    more = config(*THREE, "h:4:1 d", distribution="random")
    assert planned(anywhere, more).movement.moved == 0
    assert planned(anywhere, config(*THREE)).movement.share == 1


def test_a_password_is_compared_and_never_shown() -> None:
    old, new = (config(*THREE, redis_auth=word) for word in ("swordfish", "sesame"))
    changed = planned(old, new)
    assert changed.change.settings == (("redis_auth", "(hidden)", "(hidden)"),)


@pytest.mark.parametrize(
    ("word", "settings"),
    [
        ("no timeout", {"timeout": "0"}),
        ("data store", {"auto_eject_hosts": "true"}),
        ("never ejected", {"auto_eject_hosts": "true", "timeout": "0"}),
        ("one ejection", {"auto_eject_hosts": "true", "distribution": "modula"}),
        ("one server gets every", {"hash": "crc32"}),
        ("murmur does not", {"distribution": "modula"}),
    ],
)
def test_the_usual_traps_are_warned_of(word: str, settings: dict[str, str]) -> None:
    assert warned(word, **settings)
    assert not warned(word)


def test_a_weight_too_small_for_any_key_is_warned_of() -> None:
    assert warned("gets none", "h:1:100000 a", "h:2:1 b", "h:3:100000 c")


def test_the_examples_of_the_manual_are_true(tmp_path: Path, capsys: Capture) -> None:
    rows = [f"10.0.0.{i}:6379:1 {'abcd'[i - 1]}" for i in (1, 2, 3, 4)]
    head = 'alpha:\n  listen: 127.0.0.1:1\n  redis: true\n  hash_tag: "{}"\n'
    old, new = tmp_path / "old.yml", tmp_path / "new.yml"
    for file, count, timeout in ((old, 3, 400), (new, 4, 500)):
        servers = "".join(f"   - {row}\n" for row in rows[:count])
        file.write_text(f"{head}  timeout: {timeout}\n  servers:\n{servers}")
    cli.main(["plan", str(old), str(new)])
    cli.main(["route", "-c", str(old), "alpha", "user:{7}:cart"])
    manual = (Path(__file__).parents[2] / "docs" / "plan.md").read_text()
    shown = capsys.readouterr().out.splitlines()
    assert [line for line in shown if line not in manual.splitlines()] == []


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Write two files; the second has one server more and another password."""
    head = (
        "alpha:\n  listen: 127.0.0.1:1\n  redis: true\n  redis_auth: {}\n  servers:\n"
    )
    old, new = tmp_path / "old.yml", tmp_path / "new.yml"
    old.write_text(head.format("swordfish") + "   - h:1:1 a\n   - h:2:1 b\n")
    new.write_text(head.format("sesame") + "   - h:1:1 a\n   - h:2:1 b\n   - h:3:1 c\n")
    return [str(old), str(new)]


def test_the_status_tells_whether_keys_move(files: list[str], capsys: Capture) -> None:
    assert cli.main(["plan", files[0], files[0]]) == 0
    assert cli.main(["plan", *files]) == 2
    assert cli.main(["plan", *files, "--max-moved", "50%"]) == 2
    assert cli.main(["plan", *files, "--max-moved", "10%"]) == 3
    shown = capsys.readouterr()
    assert "allowed are 10.0%" in shown.err
    assert "server added" in shown.out
    assert not {"swordfish", "sesame"} & set(shown.out.split())


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
def test_the_verdict_stands_without_anywhere_to_complain(
    files: list[str], stderr: str
) -> None:
    words = [sys.executable, "-m", "twemproxy", "plan", *files, "--max-moved", "10%"]
    shell = ["sh", "-c", f"exec {shlex.join(words)} {stderr}"]
    assert subprocess.run(shell, timeout=20, check=False).returncode == 3


def test_real_keys_are_measured_and_json_is_json(
    files: list[str], tmp_path: Path, capsys: Capture
) -> None:
    keys = tmp_path / "keys"
    keys.write_text("".join(f"user:{i}\n" for i in range(600)))
    assert cli.main(["plan", *files, "--keys", str(keys), "--json"]) == 2
    shown = json.loads(capsys.readouterr().out)
    (pool,) = shown["pools"]
    assert shown["keys"] == 600
    assert pool["moved"] == sum(flow["keys"] for flow in pool["flows"])
    assert sum(pool["shares"].values()) == 600


@pytest.mark.parametrize(
    "line",
    [
        "a b c",
        "missing.yml missing.yml",
        "--max-moved 110% a b",
        "--max-moved few a b",
        "--sample 0 a b",
        "--sample -5 a b",
        "",
    ],
)
def test_mistakes_end_with_status_1(line: str, capsys: Capture) -> None:
    try:
        status = cli.main(["plan", *line.split()])
    except SystemExit as end:
        status = int(end.code or 0)
    assert status == 1
    told = capsys.readouterr().err
    assert told
    assert "_share" not in told


@pytest.mark.parametrize(
    ("keys", "told"), [(None, "No such file or directory"), ("\n\n", "no keys in")]
)
def test_without_keys_nothing_is_measured_and_nothing_promised(
    files: list[str], tmp_path: Path, capsys: Capture, keys: str | None, told: str
) -> None:
    named = tmp_path / "keys"
    if keys is not None:
        named.write_text(keys)
    assert cli.main(["plan", *files, "--keys", str(named), "--max-moved", "1%"]) == 1
    said = capsys.readouterr().err
    assert told in said
    assert str(named) in said


def test_a_few_keys_do_not_tell_that_a_server_gets_none() -> None:
    (only,) = plan(Config(()), config(*THREE), list(sample(4)))
    assert len(only.movement.shares) < 3
    assert only.warnings == []
