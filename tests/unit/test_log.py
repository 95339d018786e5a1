"""The log: format, levels, cuts, repeats, reopening."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from twemproxy import log


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """Open the log on a file of this test, give it back to stderr after."""
    path = tmp_path / "proxy.log"
    log.open(str(path), log.NOTICE)
    yield path
    log.flush()
    log.open("", log.NOTICE)


def test_a_line_has_time_place_and_message(path: Path) -> None:
    log.notice("accepted c %d on p %d", 7, 5)
    stamp = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\]"
    line = rf"{stamp} test_log\.py:\d+ accepted c 7 on p 5\n"
    assert re.fullmatch(line, path.read_text())


def test_a_module_that_has_no_frame_is_named(path: Path) -> None:
    log.Source("twemproxy.proxy.pool").notice("a server has moved")
    log.Source(__name__).notice("accepted")
    compiled, interpreted = path.read_text().splitlines()
    assert compiled.endswith(" pool.py a server has moved")
    assert re.search(r" test_log\.py:\d+ accepted$", interpreted)


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        (0, "A"),
        (1, "AE"),
        (4, "AEW"),
        (5, "AEWN"),
        (6, "AEWNI"),
        (7, "AEWNID"),
        (99, "AEWNID"),
    ],
)
def test_each_kind_is_shown_from_its_level_on(
    path: Path, level: int, shown: str
) -> None:
    log.set_level(level)
    for tell, text in (
        (log.always, "A"),
        (log.error, "E"),
        (log.warn, "W"),
        (log.notice, "N"),
        (log.info, "I"),
        (log.debug, "D"),
    ):
        tell(text)
    assert "".join(line[-1] for line in path.read_text().splitlines()) == shown
    assert log.level() == min(level, 11)
    assert log.wants(6) == (level >= 6)


def test_a_line_from_a_signal_shows_dots_for_the_time(path: Path) -> None:
    log.signal("up log level to 6")
    assert path.read_text() == "[.......................] up log level to 6\n"


def test_a_long_message_is_cut_at_256_bytes(path: Path) -> None:
    log.notice("é" * 400)
    assert len(path.read_bytes()) == 256


def test_control_bytes_cannot_forge_a_line(path: Path) -> None:
    log.error("a\nb\x7f")
    assert path.read_text().endswith(" a\\x0ab\\x7f\n")
    assert path.read_text().count("\n") == 1


def test_repeats_are_held_back_and_counted(path: Path) -> None:
    log.flush()
    for number in range(1000):
        log.notice("accepted c %d", number)
    log.notice("another line")
    log.flush()
    lines = path.read_text().splitlines()
    assert len(lines) < 500
    assert any(line.endswith("another line") for line in lines)
    held = [re.search(r"(\d+) more lines like this: accepted c %d", x) for x in lines]
    shown = sum("accepted c" in line and "more lines" not in line for line in lines)
    assert shown + sum(int(match[1]) for match in held if match) == 1000


def test_reopen_follows_a_rotated_file(path: Path) -> None:
    log.notice("one")
    path.rename(path.with_suffix(".1"))
    log.reopen()
    log.notice("two")
    assert path.read_text().endswith("two\n")
    assert path.with_suffix(".1").read_text().endswith("one\n")


def test_a_failed_reopen_keeps_the_old_file(
    path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    old = path.rename(path.with_suffix(".1"))
    path.mkdir()
    log.reopen()
    log.notice("still here")
    assert "still here" in old.read_text()
    told = f"reopening log file '{path}' failed, ignored: Is a directory\n"
    assert capfd.readouterr().err == told


def test_a_log_file_of_any_name_may_fail_to_open(
    path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    log.join(str(path.parent / "gone" / "log\udce9"), log.NOTICE)
    assert b"log\xe9' failed, ignored: No such file" in capfdbinary.readouterr().err


def test_a_log_that_others_write_is_joined_when_it_can_be(
    path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log.open("", log.NOTICE)
    path = path.parent / "gone" / "log"
    log.join(str(path), log.NOTICE)
    log.notice("meanwhile")
    told = capfd.readouterr().err
    assert f"reopening log file '{path}' failed, ignored: No such file" in told
    assert told.endswith("meanwhile\n")
    path.parent.mkdir()
    log.reopen()
    log.notice("again")
    assert path.read_text().endswith("again\n")


def test_a_pipe_that_nobody_reads_is_not_waited_for(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    log.join(str(pipe), log.NOTICE)
    assert f"reopening log file '{pipe}' failed, ignored: " in capfd.readouterr().err
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    log.reopen()
    log.notice("again")
    assert os.read(reader, 1000).endswith(b"again\n")
    log.open("", log.NOTICE)
    os.close(reader)


def test_crashes_are_traced_where_no_thread_can_be_had(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced: list[int] = []

    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    def enable(file: int) -> None:
        traced.append(file)

    monkeypatch.setattr("_thread.start_new_thread", refuse)
    monkeypatch.setattr("faulthandler.enable", enable)
    monkeypatch.setattr("twemproxy.log._state.traces", False)
    log.trace_crashes()
    log.reopen()
    assert len(traced) == 2
    assert path.exists()


def test_json_lines_are_json(path: Path) -> None:
    log.open(str(path), log.NOTICE, as_json=True)
    log.notice('pool "%s"\n', "a\\b")
    line = json.loads(path.read_text())
    assert line["message"] == 'pool "a\\b"\n'
    assert line["level"] == "notice"
    assert line["source"].startswith("test_log.py:")
