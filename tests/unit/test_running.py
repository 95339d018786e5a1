"""Finding the proxy that a command is for."""

import argparse
import json
import os
import socket
import sys
from pathlib import Path

import pytest

from tests.support.canned import CannedServer, Line
from tests.support.ports import LOOPBACK, Reservation
from twemproxy import adminname, cli
from twemproxy.console import asking, running
from twemproxy.console.running import (
    Running,
    Unreachable,
    address_of,
    find_running,
    read_document,
)
from twemproxy.console.top import Source


def test_a_pid_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    asked = argparse.Namespace(admin=None, pid=None, pid_file=tmp_path / "none")
    with pytest.raises(Unreachable, match=r"no pid file '.*none': No such file"):
        find_running(asked)


def test_a_pid_file_without_a_number_is_said(tmp_path: Path) -> None:
    (tmp_path / "pid").write_text("not yet")
    asked = argparse.Namespace(admin=None, pid=None, pid_file=tmp_path / "pid")
    with pytest.raises(Unreachable, match="no process id in"):
        find_running(asked)


def test_a_stats_port_where_nobody_listens_is_said() -> None:
    with Reservation() as free:
        address = f"{LOOPBACK}:{free.port}"
        with pytest.raises(Unreachable, match=rf"from {address}: Connection refused$"):
            read_document(address)


@pytest.mark.parametrize("text", ["65536", "h:99999", "0", "h:", "x", "-1"])
def test_what_is_no_port_is_not_taken_for_another_one(text: str) -> None:
    with pytest.raises(Unreachable, match=f"'{text}' is no address"):
        address_of(text)


OTHER_PAGE = "/slowlog is none, found {}, expected its --metrics-port"
NO_HTTP = "no HTTP is spoken there, expected its --metrics-port"
CUT = "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n[]"
CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}\r\n[]"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (b'{"service":"nutcracker", "alpha": {}}', NO_HTTP),
        (b"", "closed without an answer"),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "answers with 503"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n<html>\n\x1b[2J", "answers with 404"),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>", OTHER_PAGE.format("no JSON")),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 9999, OTHER_PAGE.format("no JSON")),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", OTHER_PAGE.format("an object")),
        (b"HTTP/1.1 200 OK\r\n\r\nnull", OTHER_PAGE.format("null")),
        (b"HTTP/1.1 403 Forbidden\r\n\r\nfrom here only\n", "from here only"),
        (CUT.format(100).encode(), "closed before the end of its answer"),
        (CUT.format(10**15).encode(), "closed before the end of its answer"),
        (CUT.format(10**25).encode(), NO_HTTP),
        (CHUNKED.format("-5").encode(), "closed before the end of its answer"),
        (CHUNKED.format("f" * 30).encode(), NO_HTTP),
    ],
)
def test_what_answers_something_else_is_told_in_a_few_words(
    reply: bytes, said: str
) -> None:
    there = CannedServer([[Line(until=b"\r\n\r\n", send=reply, close=True)]])
    try:
        with pytest.raises(Unreachable) as told:
            Running(f"{LOOPBACK}:{there.port}").get("/slowlog", list)
    finally:
        there.close()
    assert str(told.value).endswith(said)
    assert str(told.value).startswith(f"nutcracker at {LOOPBACK}:{there.port}: ")
    assert "{" not in str(told.value)


def test_a_reload_is_waited_for_longer_than_a_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "PATIENCE_S", 0.2)
    verdict = {"reloaded": True, "reason": "", "generation": 2}
    reply = b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(verdict).encode()
    late = [Line(until=b"\r\n\r\n", delay_ms=600, send=reply, close=True)]
    there = CannedServer([late, late])
    try:
        proxy = Running(f"{LOOPBACK}:{there.port}")
        with pytest.raises(Unreachable, match="timed out"):
            proxy.get("/stats", dict)
        assert proxy.reload() == verdict
    finally:
        there.close()


CONFIG = b'[["alpha", ["h:1", "h", 1, "", 0], [["s", "h", 1, "", null, "s"]]]]'


@pytest.mark.parametrize("answer", [b"[1]", b'[["alpha"]]', CONFIG])
def test_a_configuration_of_another_version_is_said(answer: bytes) -> None:
    reply = b"HTTP/1.1 200 OK\r\n\r\n" + answer
    there = CannedServer([[Line(until=b"\r\n\r\n", send=reply, close=True)]])
    try:
        with pytest.raises(Unreachable, match="expected a proxy of this version"):
            Running(f"{LOOPBACK}:{there.port}").config()
    finally:
        there.close()


TEXTS = ("pool", "command", "key", "client", "server")
TIMES = ("time_us", "total_us", "queue_us", "server_us", "proxy_us")
SLOW = {**dict.fromkeys(TEXTS, ""), **dict.fromkeys(TIMES, 1)}


def told(line: str, answer: bytes, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command to its failure against what answers so; the one line it says."""
    asked = b"\r\n\r\n" if "--admin" in line else b""
    there = CannedServer([[Line(until=asked, send=answer, close=True)]])
    try:
        assert cli.main(line.format(there.port).split()) == 1
    finally:
        there.close()
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert f"{LOOPBACK}:{there.port}" in said.err
    return said.err


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ([1], "1 as 0"),
        ([{}], "nothing as 0.pool"),
        ([SLOW, SLOW | {"time_us": "x"}], '"x" as 1.time_us'),
        ([SLOW | {"time_us": float("nan")}], "NaN as 0.time_us"),
        ([SLOW | {"total_us": 10**400}], "10000"),
        ([SLOW | {"total_us": None}], "null as 0.total_us"),
        ([SLOW | {"total_us": True}], "true as 0.total_us"),
        ([SLOW | {"key": "k", "server": ["\x1b"]}], "a list of 1 as 0.server"),
    ],
)
def test_slow_requests_of_another_program_are_told_where_they_are_none(
    answer: list[object], found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(answer).encode()
    said = told("slowlog --admin {}", page, capsys)
    assert f"/slowlog is none, found {found}" in said
    assert said.endswith("expected its --metrics-port\n")


@pytest.mark.parametrize(
    ("answer", "found"),
    [(b"[]", "a list of 0"), (b"{}", "nothing as service"), (b"[" * 9999, "no JSON")],
)
def test_statistics_of_another_program_are_told(
    answer: bytes, found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = told("stats {}", answer, capsys)
    assert said.endswith(f": found {found}, expected a stats port (-s)\n")


@pytest.mark.parametrize(
    "histograms",
    [
        [],
        {"a": 1},
        {"a": {"times": {"read": [1]}, "servers": {}}},
        {"a": {"times": {}}},
    ],
)
def test_a_state_of_another_program_is_told(histograms: object) -> None:
    state = {"stats": {"service": "other"}, "histograms": histograms}
    page = b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(state).encode()
    there = CannedServer([[Line(until=b"\r\n\r\n", send=page, close=True)]])
    try:
        with pytest.raises(
            Unreachable, match=r"/state is none, found .* as histograms"
        ):
            Source(lambda: Running(f"{LOOPBACK}:{there.port}")).state()
    finally:
        there.close()


@pytest.mark.parametrize("endless", [b"[", b"HTTP/1.1 100 Continue\r\n\r\n"])
@pytest.mark.parametrize("line", ["stats {}", "slowlog --admin {}"])
def test_an_answer_that_never_ends_is_given_up(
    line: str,
    endless: bytes,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "PATIENCE_S", 0.3)
    trickle = [Line(send=endless, delay_ms=50)] * 40
    there = CannedServer([trickle])
    try:
        assert cli.main(line.format(there.port).split()) == 1
    finally:
        there.close()
    assert capsys.readouterr().err.endswith(": timed out\n")


def test_who_answers_without_having_read_is_told_from_a_proxy() -> None:
    """As the stats port of the C program, whose close resets the connection."""
    reply = [Line(delay_ms=100, send=b'{"service":"nutcracker"}', close=True)]
    there = CannedServer([reply])
    try:
        with pytest.raises(Unreachable, match=NO_HTTP):
            Running(f"{LOOPBACK}:{there.port}").get("/slowlog", list)
    finally:
        there.close()


def test_an_answer_without_measure_is_given_up(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MAX_ANSWER_BYTES", 1 << 20)
    said = told("stats {}", b"0" * (2 << 20), capsys)
    assert said.endswith(": more than 1 MiB, and no end\n")


def test_another_port_than_that_of_the_statistics_is_said() -> None:
    there = CannedServer([[Line(send=b"HTTP/1.1 400 Bad Request\r\n", close=True)]])
    try:
        with pytest.raises(Unreachable, match=r"no JSON, expected a stats port"):
            read_document(f"{LOOPBACK}:{there.port}")
    finally:
        there.close()


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"7", b"null", b"{}"])
def test_what_answers_a_reload_with_something_else_has_reloaded_nothing(
    answer: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = b"HTTP/1.1 200 OK\r\n\r\n" + answer
    there = CannedServer([[Line(until=b"\r\n\r\n", send=reply, close=True)]])
    try:
        assert cli.main(["reload", "--admin", str(there.port)]) == 1
    finally:
        there.close()
    assert capsys.readouterr().err.startswith("nutcracker: ")


@pytest.mark.parametrize(
    ("line", "said"),
    [("stats --pid 0", "with pid 0:"), ("slowlog --admin=", "'' is no address")],
)
def test_a_name_that_is_wrong_names_no_other_proxy(
    line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(line.split()) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "line",
    [
        *("stats 22222 --pid 1", "stats --admin 1 -p file", "top --pid 1 --admin 1"),
        "route alpha key -c file --pid 1",
    ],
)
def test_one_proxy_is_named_in_one_way(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(line.split())
    assert end.value.code == 1
    assert "not allowed with argument" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="has no abstract names")
def test_who_has_taken_the_name_of_a_proxy_is_not_asked() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(adminname.name(os.getppid()))
        listener.listen()
        with pytest.raises(Unreachable, match="another process has taken its name"):
            Running(os.getppid()).reload()


def test_a_plan_for_two_files_names_no_proxy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["plan", "old", "new", "--admin", "1"])
    assert end.value.code == 1
    assert "name no running proxy" in capsys.readouterr().err
