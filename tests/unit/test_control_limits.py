"""Descriptors, cores, the pid file: small decisions of the supervisor."""

import errno
import os
import resource
from pathlib import Path

import pytest

from tests.support.models import pool
from twemproxy.config.model import Config, Listen
from twemproxy.control import cores, descriptors, pidfile, sockets

CONFIG = Config((pool("alpha", "s1"),))


def limit(monkeypatch: pytest.MonkeyPatch, soft: int, hard: int) -> list[int]:
    """Pretend a limit on open files; the soft limits that are set."""
    raised: list[int] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: raised.append(pair[0]))
    return raised


def test_clients_get_what_servers_and_the_reserve_leave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raised = limit(monkeypatch, 40, 40)
    assert descriptors.share_out(CONFIG) == (40, 6, 2)
    assert raised == []


def test_the_limit_is_raised_only_when_nobody_could_connect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raised = limit(monkeypatch, 34, 1000)
    assert descriptors.share_out(CONFIG).max_clients == 32
    assert raised == [68]


@pytest.mark.parametrize(("soft", "pipes"), [(63, 0), (1024, 16), (4096, 32)])
def test_pipes_for_large_values_have_descriptors_in_reserve(
    soft: int, pipes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, soft, soft)
    assert descriptors.share_out(CONFIG).max_clients == soft - 2 - 32 - 2 * pipes


def test_no_limit_is_a_large_number(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    assert descriptors.share_out(CONFIG).max_fds == descriptors.UNLIMITED


@pytest.mark.parametrize(
    ("quota", "cores_usable"),
    [("150000 100000\n", 2), ("10000 100000", 1), ("max 100000", 8), ("junk", 8)],
)
def test_auto_is_the_cores_that_the_container_may_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str, cores_usable: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    (tmp_path / "cpu.max").write_text(quota)
    assert cores.usable(tmp_path / "cpu.max") == cores_usable
    assert cores.usable(tmp_path / "missing") == 8


def test_the_pid_file_of_another_process_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    pidfile.write(str(path))
    assert path.read_text() == str(os.getpid())
    path.write_text("1")
    pidfile.remove(str(path))
    assert path.read_text() == "1"


def test_a_socket_file_that_cannot_be_removed_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "a.sock")
    listeners = sockets.Listeners()
    listen = Listen(path, "", 0, path, 0)
    listeners.cover(Config((pool("alpha", "s1")._replace(listen=listen),)), {})

    def refuse(_: Path, missing_ok: bool) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    listeners.keep_only(Config(()))
    assert f"'{path}' cannot be removed: Permission denied" in capfd.readouterr().err
