"""Finding the proxy that a command is for."""

import argparse
import os
import socket
import sys
from pathlib import Path

import pytest

from tests.support.canned import CannedServer, Line
from tests.support.ports import LOOPBACK, Reservation
from twemproxy import adminname, cli
from twemproxy.console import running
from twemproxy.console.running import (
    Running,
    Unreachable,
    address_of,
    find_running,
    read_document,
)


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


OTHER_PAGE = "/slowlog is none, expected its --metrics-port"
NO_HTTP = "no HTTP is spoken there, expected its --metrics-port"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (b'{"service":"nutcracker", "alpha": {}}', NO_HTTP),
        (b"", "closed without an answer"),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "answers with status 503"),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>", OTHER_PAGE),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", OTHER_PAGE),
        (b"HTTP/1.1 200 OK\r\n\r\nnull", OTHER_PAGE),
        (b"HTTP/1.1 403 Forbidden\r\n\r\nfrom here only\n", "from here only"),
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
    assert "{" not in str(told.value)


def test_a_reload_is_waited_for_longer_than_a_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "PATIENCE_S", 0.2)
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    late = [Line(until=b"\r\n\r\n", delay_ms=600, send=reply, close=True)]
    there = CannedServer([late, late])
    try:
        proxy = Running(f"{LOOPBACK}:{there.port}")
        with pytest.raises(Unreachable, match="timed out"):
            proxy.get("/stats", dict)
        assert proxy.reload() == {}
    finally:
        there.close()


@pytest.mark.parametrize("answer", [b"[1]", b'[["alpha"]]'])
def test_a_configuration_of_another_version_is_said(answer: bytes) -> None:
    reply = b"HTTP/1.1 200 OK\r\n\r\n" + answer
    there = CannedServer([[Line(until=b"\r\n\r\n", send=reply, close=True)]])
    try:
        with pytest.raises(Unreachable, match="expected a proxy of this version"):
            Running(f"{LOOPBACK}:{there.port}").config()
    finally:
        there.close()


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
