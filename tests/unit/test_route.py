"""`nutcracker route`: the same answer as the library's, and how the server fares."""

import json
from pathlib import Path

import pytest

from twemproxy import cli
from twemproxy.config.load import load
from twemproxy.console.route import ejections, explain
from twemproxy.ring import Ring

Capture = pytest.CaptureFixture[str]

TEXT = """\
alpha:
  listen: 127.0.0.1:1
  hash_tag: "{}"
  servers:
   - h:1:1 a
   - h:2:1 b
   - h:3:1 c
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Write a file with one pool."""
    path = tmp_path / "f.yml"
    path.write_text(TEXT)
    return str(path)


def test_a_key_is_explained_as_the_library_explains_it(
    file: str, capsys: Capture
) -> None:
    keys = ["user:{7}:cart", "x\ud800", "plain"]
    assert cli.main(["route", "-c", file, "alpha", keys[0], keys[2], "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    ring = Ring.from_pool(load(file).pools[0])
    assert [row["server"] for row in shown] == [
        ring.server(keys[0]),
        ring.server("plain"),
    ]
    assert shown[0]["tag"] == "7"
    assert shown[0]["hash"] == ring.explain(keys[0]).hash
    assert shown[0]["address"].startswith("h:")


def test_an_ejected_server_is_named_together_with_its_stand_in(file: str) -> None:
    pool = load(file).pools[0]
    home = Ring.from_pool(pool).server("k")
    document = {"alpha": {home: {"ejected": 1}, "other": {"ejected": 0}}}
    (route,) = explain(pool, [b"k"], ejections(pool, document))
    assert route.placement.server != home
    assert route.state == f"live, instead of {home}, ejected"


def test_with_all_ejected_there_is_no_server(file: str) -> None:
    pool = load(file).pools[0]
    (route,) = explain(pool, [b"k"], dict.fromkeys("abc", 1))
    assert (route.placement.server, route.address) == (None, "")
    assert route.state == "all ejected"


def test_the_table_keeps_control_bytes_from_the_terminal(
    file: str, capsys: Capture
) -> None:
    assert cli.main(["route", "-c", file, "alpha", "a\x1b[2J"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_ejections_of_a_stats_port_need_a_file(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["route", "--stats", "22222", "alpha", "k"])
    assert end.value.code == 1
    assert "--stats goes with -c" in capsys.readouterr().err


def test_an_unknown_pool_is_a_mistake(file: str, capsys: Capture) -> None:
    assert cli.main(["route", "-c", file, "beta", "k"]) == 1
    assert "no pool 'beta', there are: alpha" in capsys.readouterr().err


@pytest.mark.parametrize("pool", [1, "x", {"a": 5}, {"a": {"ejected": "x"}}])
def test_statistics_of_another_shape_eject_nobody(file: str, pool: object) -> None:
    (alpha,) = load(file).pools
    found = ejections(alpha, {"service": "other", "alpha": pool})
    assert set(found.values()) == {0}
