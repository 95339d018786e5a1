"""SIGUSR1: all workers take the new file, or none does and nothing is lost."""

import resource
import shlex
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.crew import pool, who
from tests.support.ports import LOOPBACK, Reservation
from tests.support.proxy import REFUSED, Proxy, program
from tests.support.waiting import wait_until
from tests.support.wire import Wire

Start = Callable[..., Proxy]
CONFIG = pool("alpha", "@LISTEN@")


def listen_of(proxy: Proxy) -> str:
    """The address of `@LISTEN@`."""
    return f"{LOOPBACK}:{proxy.port}"


@pytest.fixture
def extra() -> Iterator[Reservation]:
    """One more address."""
    with Reservation() as address:
        yield address


def test_a_pool_that_stays_keeps_its_clients(
    supervised: Start, extra: Reservation
) -> None:
    proxy = supervised(CONFIG, "--workers", "2")
    with proxy.connect() as client:
        before = who(client)
        both = pool("alpha", listen_of(proxy)) + pool("b", f"{LOOPBACK}:{extra.port}")
        proxy.reload(both)
        after = who(client)
        assert (after.pid, after.generation) == (before.pid, 2)
        with Wire(extra.port) as newcomer:
            assert who(newcomer).pool == "b"
        proxy.reload(pool("alpha", listen_of(proxy)))
        assert who(client).generation == 3
    with pytest.raises(ConnectionRefusedError):
        Wire(extra.port)
    assert "b" not in proxy.stats()


def test_a_pool_that_moves_listens_there_and_only_there(
    supervised: Start, extra: Reservation
) -> None:
    proxy = supervised(CONFIG)
    proxy.reload(pool("alpha", f"{LOOPBACK}:{extra.port}"))
    with Wire(extra.port) as client:
        assert who(client).pool == "alpha"
    with pytest.raises(ConnectionRefusedError):
        proxy.connect()


def test_an_address_can_go_from_one_pool_to_another(supervised: Start) -> None:
    proxy = supervised(CONFIG)
    proxy.reload(pool("renamed", listen_of(proxy)))
    with proxy.connect() as client:
        assert who(client).pool == "renamed"


def test_a_wrong_file_changes_nothing_and_says_why(supervised: Start) -> None:
    proxy = supervised(CONFIG)
    wrong = pool("alpha", listen_of(proxy)).replace("listen", "lisen")
    told = proxy.reload(wrong, REFUSED)
    assert 'conf: directive "lisen" is unknown' in told
    assert "did you mean 'listen'?" in told
    with proxy.connect() as client:
        assert who(client).generation == 1


def test_a_busy_address_changes_nothing(supervised: Start) -> None:
    proxy = supervised(CONFIG)
    with socket.create_server((LOOPBACK, 0)) as other:
        busy = f"{LOOPBACK}:{other.getsockname()[1]}"
        free = pool("alpha", listen_of(proxy)) + pool("b", "@DIR@/b.sock")
        config = free.replace("@DIR@", str(proxy.directory)) + pool("cc", busy)
        told = proxy.reload(config, REFUSED)
    assert "Address already in use" in told
    assert not (proxy.directory / "b.sock").exists()
    with proxy.connect() as client:
        assert who(client).generation == 1


def test_when_one_worker_refuses_all_go_back(
    supervised: Start, extra: Reservation
) -> None:
    proxy = supervised(CONFIG, "--workers", "2")
    told = proxy.reload(pool("refuse", f"{LOOPBACK}:{extra.port}"), REFUSED)
    assert "worker 1 refuses: as asked" in told
    for _ in range(20):
        with proxy.connect() as client:
            assert who(client).pool == "alpha"
    with pytest.raises(ConnectionRefusedError):
        Wire(extra.port)


def test_a_configuration_that_kills_workers_is_taken_back(supervised: Start) -> None:
    proxy = supervised(CONFIG)
    told = proxy.reload(pool("crash", listen_of(proxy)), REFUSED)
    assert "worker 0 exited with status 3" in told
    with proxy.connect() as client:
        assert who(client).pool == "alpha"


def test_a_replaced_worker_gets_the_configuration_in_force(
    supervised: Start, extra: Reservation
) -> None:
    proxy = supervised(CONFIG)
    proxy.reload(pool("new", f"{LOOPBACK}:{extra.port}"))
    with Wire(extra.port) as client:
        client.send(b"die\n")
        client.read_to_end()
    with Wire(extra.port) as client:
        assert who(client)[:2] == ("new", 2)


def test_reloads_in_a_row_leave_the_last_file_in_force(supervised: Start) -> None:
    proxy = supervised(CONFIG)
    for name in ("a1", "a2", "a3", "a4"):
        proxy.config_file.write_text(pool(name, listen_of(proxy)))
        proxy.signal(signal.SIGUSR1)

    def newest() -> bool:
        with proxy.connect() as client:
            return who(client).pool == "a4"

    wait_until(newest, "the last file")


def test_a_unix_socket_goes_with_its_pool(supervised: Start) -> None:
    proxy = supervised(CONFIG + pool("b", "@DIR@/b.sock"))
    assert (proxy.directory / "b.sock").exists()
    proxy.reload(pool("alpha", listen_of(proxy)))
    assert not (proxy.directory / "b.sock").exists()


def test_a_unix_socket_whose_file_is_gone_stops_no_reload(supervised: Start) -> None:
    config = CONFIG + pool("b", "@DIR@/b.sock 0600")
    proxy = supervised(config)
    (proxy.directory / "b.sock").unlink()
    config = config.replace("@DIR@", str(proxy.directory))
    said = proxy.reload(config.replace("@LISTEN@", listen_of(proxy)))
    assert "b.sock 0600' as it did: No such file or directory" in said


def test_pools_that_need_more_descriptors_get_them(
    proxy: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = f"sh -c 'ulimit -Sn 60; exec {shlex.join(program())} \"$@\"' sh"
    monkeypatch.setenv("TWEMPROXY_UNDER_TEST", few)
    running = proxy(CONFIG)
    more = [pool(f"p{i}", f"{running.directory}/{i}.sock") for i in range(100)]
    running.reload("".join([pool("alpha", listen_of(running)), *more]))
    with Wire(running.directory / "99.sock") as client:
        client.send(b"nonsense\r\n")
        assert client.read_line() == b"ERROR\r\n"


def test_without_descriptors_a_reload_fails_and_says_so(supervised: Start) -> None:
    proxy = supervised(CONFIG)
    resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, (60, 60))
    opened = Path(f"/proc/{proxy.pid}/fd")
    before = len(list(opened.iterdir()))
    more = [pool(f"p{i}", f"{proxy.directory}/{i}.sock") for i in range(100)]
    config = "".join([pool("alpha", listen_of(proxy)), *more])
    assert "socket failed: Too many open files" in proxy.reload(config, REFUSED)
    assert len(list(opened.iterdir())) <= before
    proxy.reload(pool("alpha", listen_of(proxy)))
