"""The command line: options, messages, exit statuses, as in the C program."""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest

from twemproxy import cli
from twemproxy.arguments import ORIGINAL, OURS, UsageError, parse
from twemproxy.control.options import Options

Capture = pytest.CaptureFixture[str]

ROOT: Final = Path(__file__).parents[2]
VERSION: Final = ["This is nutcracker-0.5.0", "async event backend: epoll", ""]
UNKNOWN: Final = "invalid option -- '\0'"
MBUF: Final = "mbuf chunk size must be between 512 and 16777216 bytes"

MESSAGES: Final = [
    ("-x", "invalid option -- 'x'"),
    ("-?", "invalid option -- '?'"),
    ("-:", "invalid option -- ':'"),
    ("-tx", "invalid option -- 'x'"),
    ("--nonsense", UNKNOWN),
    ("--ver", UNKNOWN),
    ("--", None),
    ("--d", UNKNOWN),
    ("--=1", UNKNOWN),
    ("--help=3", "invalid option -- 'h'"),
    ("--daemon=", "invalid option -- 'd'"),
    ("--watch=1", "option --watch takes no argument"),
    ("-c", "option -c requires a file name"),
    ("--conf-file", "option -c requires a file name"),
    ("-o", "option -o requires a file name"),
    ("-p", "option -p requires a file name"),
    ("-m", "option -m requires a number"),
    ("-v", "option -v requires a number"),
    ("-s", "option -s requires a number"),
    ("-i", "option -i requires a number"),
    ("-a", "option -a requires a string"),
    ("-v x", "option -v requires a number"),
    ("-v -1", "option -v requires a number"),
    ("-v 2147483648", "option -v requires a number"),
    ("-s x", "option -s requires a number"),
    ("-s +1", "option -s requires a number"),
    ("--stats-port=", "option -s requires a number"),
    ("-i 1.5", "option -i requires a number"),
    ("-i 99999999999", "option -i requires a number"),
    ("-s 0", "option -s value 0 is not a valid port"),
    ("-s 65536", "option -s value 65536 is not a valid port"),
    ("-s 4294967297", "option -s value 4294967297 is not a valid port"),
    ("-m 0", "option -m requires a non-zero number"),
    ("-m x", "option -m requires a non-zero number"),
    ("--mbuf=", "option -m requires a non-zero number"),
    ("-m 511", MBUF),
    ("-m 16777217", MBUF),
    ("-m 99999999999", MBUF),
    ("-s x -m x", "option -s requires a number"),
    ("-s x -s 1", "option -s requires a number"),
    ("--workers", "option --workers requires a number"),
    ("--workers 0", "option --workers requires a number up to 1024 or auto"),
    ("--workers many", "option --workers requires a number up to 1024 or auto"),
    ("--drain-timeout soon", "option --drain-timeout requires a number"),
    ("--drain-timeout .5", "option --drain-timeout requires a number"),
    ("--drain-timeout inf", "option --drain-timeout requires a number"),
    ("--poller kqueue", "option --poller requires epoll or portable"),
    ("--log-format xml", "option --log-format requires text or json"),
]


@pytest.mark.parametrize(("line", "message"), MESSAGES)
def test_every_wrong_option_has_its_message(line: str, message: str | None) -> None:
    if message is None:
        assert parse(line.split()).options == Options()
        return
    with pytest.raises(UsageError) as caught:
        parse(line.split())
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("-t", "test_conf", True),
        ("-d", "daemonize", True),
        ("-D", "describe", True),
        ("-v 11", "verbosity", 11),
        ("-v 99", "verbosity", 11),
        ("--verb 3", "verbosity", 3),
        ("--verbosity=7", "verbosity", 7),
        ("--verbosi 7", "verbosity", 7),
        ("-o f", "output", "f"),
        ("--output=", "output", ""),
        ("-tc f.yml", "conf_file", "f.yml"),
        ("-cf.yml", "conf_file", "f.yml"),
        ("-c -t", "conf_file", "-t"),
        ("-c a -c b", "conf_file", "b"),
        ("--conf=a=b", "conf_file", "a=b"),
        ("-s 65535", "stats_port", 65535),
        ("-s 0001", "stats_port", 1),
        ("-a ::1", "stats_addr", "::1"),
        ("-i 0", "stats_interval_ms", 0),
        ("-p x", "pid_file", "x"),
        ("--p x", "pid_file", "x"),
        ("--mbuf=512", "mbuf_size", 512),
        ("-m 16777216", "mbuf_size", 16777216),
        ("ignored -m 1024 words", "mbuf_size", 1024),
        ("-m 1024 -- -m 2048", "mbuf_size", 1024),
        ("- -m 1024", "mbuf_size", 1024),
        ("--workers 4", "workers", 4),
        ("--workers=auto", "workers", 0),
        ("--drain-timeout 1.5", "drain_timeout_s", 1.5),
        ("--poller portable", "poller", "portable"),
        ("--log-format json", "log_json", True),
        ("--log-format text", "log_json", False),
    ],
)
def test_options_are_read_as_getopt_long_reads_them(
    line: str, field: str, value: object
) -> None:
    assert getattr(parse(line.split()).options, field) == value


def test_defaults_are_the_upstream_ones() -> None:
    assert parse([]).options == Options()
    options = Options()
    assert (options.conf_file, options.output, options.pid_file) == (
        "conf/nutcracker.yml",
        "",
        "",
    )


def test_what_the_help_says_of_ours_fits_a_terminal() -> None:
    assert [line for line in cli.usage_ours().split("\n") if len(line) > 80] == []


def test_a_wrong_option_shows_the_usage(capfd: Capture) -> None:
    assert cli.main(["-x"]) == 1
    shown = capfd.readouterr()
    assert shown.out == ""
    lines = shown.err.split("\n")
    assert lines[0] == "nutcracker: invalid option -- 'x'"
    assert lines[1].rstrip("\r") == (
        "Usage: nutcracker [-?hVdDt] [-v verbosity level] [-o output file]"
    )
    letters = [line[2:4] for line in lines if line.startswith("  -")]
    assert letters == [f"-{option.letter}" for option in ORIGINAL]


def test_version_is_the_c_programs_and_then_ours(capfd: Capture) -> None:
    assert cli.main(["-tV", "-c", "missing.yml"]) == 0
    lines = capfd.readouterr().err.splitlines()
    assert lines[:3] == VERSION
    assert lines[3].startswith("twemproxy ")
    assert lines[3].endswith(("compiled", "interpreted"))
    assert len(lines) == 4


def test_help_lists_everything(capfd: Capture) -> None:
    assert cli.main(["--help"]) == 0
    shown = capfd.readouterr().err
    assert shown.splitlines()[:3] == VERSION
    for option in ORIGINAL + OURS:
        assert f"--{option.long}" in shown
    for command in cli.COMMANDS:
        assert command in shown


def test_what_is_shown_comes_in_one_order(capfd: Capture) -> None:
    assert cli.main(["-D", "-h", "-V"]) == 0
    shown = capfd.readouterr().err
    parts = [
        "This is nutcracker",
        "Usage:",
        "pool stats:",
        "server stats:",
        "twemproxy",
    ]
    places = [shown.index(part) for part in parts]
    assert places == sorted(places)


def test_statistics_are_described_as_in_the_c_program(capfd: Capture) -> None:
    assert cli.main(["-D"]) == 0
    lines = capfd.readouterr().err.splitlines()[3:]
    assert lines[0] == "pool stats:"
    assert lines[1] == '  client_eof          "# eof on client connections"'
    assert lines[7:9] == ["", "server stats:"]
    assert lines[13] == (
        '  server_ejected_at   "timestamp when server was ejected in usec since epoch"'
    )
    assert len(lines) == 9 + 13


VALID: Final = "a:\n  listen: 127.0.0.1:1\n  servers:\n   - x:1:1\n"


@pytest.mark.parametrize(
    ("text", "status", "verdicts"),
    [(VALID, 0, 1), (VALID + "  timout: 1\n", 1, 2), (None, 1, 1)],
)
def test_a_tested_file_gets_its_verdict(
    text: str | None, status: int, verdicts: int, tmp_path: Path, capfd: Capture
) -> None:
    path = tmp_path / "f.yml"
    if text is not None:
        path.write_text(text)
    assert cli.main(["-tc", str(path)]) == status
    lines = capfd.readouterr().err.splitlines()
    word = "invalid" if status else "ok"
    verdict = f"nutcracker: configuration file '{path}' syntax is {word}"
    assert lines[-verdicts:] == [verdict] * verdicts
    assert len(lines) == verdicts + status
    assert all(line.startswith(f"{path}:") for line in lines[:-verdicts])


def test_an_empty_file_name_is_a_missing_file(capfd: Capture) -> None:
    assert cli.main(["-t", "-c", ""]) == 1
    assert capfd.readouterr().err.count("syntax is invalid") == 1


def test_a_file_name_of_any_bytes_is_shown_as_it_is(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    assert cli.main(["-t", "-c", os.fsdecode(b"\xff.yml")]) == 1
    assert b"'\xff.yml' syntax is invalid" in capfdbinary.readouterr().err


def test_anything_else_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = []

    def run(options: Options) -> int:
        ran.append(options)
        return 7

    monkeypatch.setitem(sys.modules, cli.SUPERVISOR, SimpleNamespace(run=run))
    assert cli.main(["unknown-command", "-c", "f.yml"]) == 7
    assert ran == [Options(conf_file="f.yml")]


def test_a_command_gets_the_words_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def command(words: list[str]) -> int:
        return len(words)

    monkeypatch.setitem(cli.COMMANDS, "count", "the.command")
    stand_in = SimpleNamespace(main=command)
    monkeypatch.setitem(sys.modules, "the.command", stand_in)
    assert cli.main(["count", "-V", "--x"]) == 2


@pytest.mark.parametrize("module", cli.COMMANDS.values())
def test_every_command_exists(module: str) -> None:
    assert callable(importlib.import_module(module).main)


def test_the_package_runs_as_a_program() -> None:
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "twemproxy", "-V"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.startswith(b"This is nutcracker-0.5.0\n")


def test_a_closed_stderr_is_no_mistake() -> None:
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        ["sh", "-c", f"exec '{sys.executable}' -m twemproxy -V 2>&-"],
        env={**os.environ, "PYTHONPATH": path},
        timeout=30,
        check=False,
    )
    assert done.returncode == 0


def test_the_manual_names_every_option_and_its_default() -> None:
    manual = (ROOT / "docs" / "cli.md").read_text()
    for option in ORIGINAL + OURS:
        rows = [
            line for line in manual.splitlines() if f"| `--{option.long}` |" in line
        ]
        assert len(rows) == 1
        assert f"`-{option.letter}`" in rows[0] or not option.letter
        if " (default: " in option.text:
            default = option.text.split("(default: ")[1].split(",")[0].rstrip(")")
            assert default.split(" ")[0] in rows[0]
    for command in cli.COMMANDS:
        assert f"`nutcracker {command}`" in manual
