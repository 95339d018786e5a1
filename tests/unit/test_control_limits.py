"""Descriptors, cores, the pid file: small decisions of the supervisor."""

import asyncio
import errno
import os
import resource
import threading
from pathlib import Path

import pytest

from tests.support.models import pool
from twemproxy import adminname
from twemproxy.config.model import Config, Listen
from twemproxy.control import cores, descriptors, pidfile, reload, sockets, workers
from twemproxy.control.setup import Setup
from twemproxy.stats.regions import Blocks

CONFIG = Config((pool("alpha", "s1")._replace(redis=False),))


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


def test_clients_of_either_protocol_have_connections_in_reserve(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit(monkeypatch, 60, 60)
    config = Config((pool("alpha", "s1", "s2")._replace(server_connections=3),))
    assert descriptors.share_out(config) == (60, 60 - 32 - 2 * 6 - 1, 7)


def test_the_reserve_for_newer_clients_leaves_half_to_clients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit(monkeypatch, 63, 63)
    config = Config((pool("alpha", "s1", "s2")._replace(server_connections=6),))
    assert descriptors.share_out(config).max_clients == (63 - 32 - 13) // 2


def test_the_limit_is_raised_only_when_nobody_could_connect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raised = limit(monkeypatch, 34, 1000)
    assert descriptors.share_out(CONFIG).max_clients == 32
    assert raised == [68]


def test_a_limit_that_cannot_be_raised_is_told_with_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    raised = limit(monkeypatch, 34, 34)
    assert descriptors.share_out(CONFIG).max_clients == 1
    assert raised == []
    told = "34 open files, no more are allowed, where servers may need 34\n"
    assert told in capfd.readouterr().err


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


@pytest.mark.parametrize(
    ("soft", "most"), [(8, 1), (64, 4), (1024, 32), (resource.RLIM_INFINITY, 32)]
)
def test_who_watches_leaves_descriptors_for_a_worker(
    soft: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, soft, soft)
    assert descriptors.peers(32) == most


def test_the_name_to_be_asked_at_tells_process_namespaces_apart() -> None:
    ours = adminname.name(7).removeprefix("\0")
    theirs = "nutcracker-admin-1-1"
    text = "".join(
        f"0000: 00000002 00000000 00010000 0001 01 5 @{name}\n"
        for name in (theirs, ours, "nutcracker-admin-8")
    )
    assert adminname.listed(text) == {7}


def test_processes_that_were_left_to_us_are_no_zombies_for_ever() -> None:
    ours, left = (os.posix_spawn("/bin/true", ["true"], {}) for _ in range(2))
    for pid in (ours, left):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    workers.bury([ours])
    workers.bury([])
    for pid in (ours, left):
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, 0)


def test_a_configuration_that_cannot_be_read_ends_the_reload(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reload, "READ_PATIENCE_S", 0.05)
    never = threading.Event()

    def hang() -> Config:
        never.wait()
        return CONFIG

    setup = Setup(1, CONFIG, (), (), 1)
    reloader = reload.Reloader(hang, sockets.Listeners(), Blocks(CONFIG), (), setup)

    async def told() -> str:
        return await reloader.reload(
            workers.Workers((), dict, Silent(), "portable", ())
        )

    assert asyncio.run(told()) == "the configuration cannot be read within 0.05 s"
    never.set()


class Silent:
    """An owner that is never asked."""

    def on_question(self, worker: workers.Worker, host: str) -> None:
        """Nobody asks."""

    def on_give_up(self, reason: str) -> None:
        """Nobody gives up."""


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
