"""Finding the proxy that a command is for."""

import argparse
from pathlib import Path

import pytest

from tests.support.ports import LOOPBACK, Reservation
from twemproxy.console.running import Unreachable, find_running, read_document


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
