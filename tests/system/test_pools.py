"""Settings of a pool, seen by the clients and servers they are for."""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import redis

from tests.support.backends import RedisServer
from tests.support.canned import CannedServer, Line
from tests.support.crew import wait_workers, workers_of
from tests.support.fleet import Fleet
from tests.support.ports import Reservation, is_listening
from tests.support.proxy import Proxy, pool
from tests.support.waiting import wait_until
from tests.support.wire import Wire, resp

Start = Callable[..., Proxy]


def keys_in(server: RedisServer, database: int) -> int:
    """How many keys a server has in one database."""
    with closing(redis.Redis(port=server.port, db=database, protocol=2)) as direct:
        return int(direct.dbsize())


def test_a_password_opens_the_proxy_and_the_servers(fleet: Fleet, proxy: Start) -> None:
    servers = fleet.redis(2, "--requirepass", "secret")
    running = proxy(pool(servers, redis_auth="secret"))
    with running.connect() as wire:
        refused = b"-NOAUTH Authentication required\r\n"
        assert wire.ask(resp("GET", "k"), refused) == refused
    address = f"redis://:secret@127.0.0.1:{running.port}?protocol=2"
    with closing(redis.Redis.from_url(address)) as client:
        assert client.set("k", "v")
        assert client.get("k") == b"v"


def test_redis_db_is_where_the_keys_go(fleet: Fleet, proxy: Start) -> None:
    servers = fleet.redis(1)
    with proxy(pool(servers, redis_db=3)).connect() as wire:
        assert wire.ask(resp("SET", "k", "v"), b"+OK\r\n") == b"+OK\r\n"
    assert keys_in(servers[0], 3) == 1
    assert keys_in(servers[0], 0) == 0


def test_redis_db_is_selected_on_unix_sockets_too(proxy: Start, tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    with closing(RedisServer("--unixsocket", str(path))) as server:
        server.start()
        rows = ["alpha:", "  listen: @LISTEN@", "  redis: true", "  redis_db: 3"]
        rows += ["  servers:", f"   - {path}:1 server1"]
        with proxy("\n".join([*rows, ""])).connect() as wire:
            assert wire.ask(resp("SET", "k", "v"), b"+OK\r\n") == b"+OK\r\n"
        assert keys_in(server, 3) == 1


def test_a_client_too_many_is_turned_away_until_one_leaves(
    fleet: Fleet, proxy: Start
) -> None:
    running = proxy(pool(fleet.redis(1), client_connections=2))
    ping = resp("PING")
    first, second = running.connect(), running.connect()
    for wire in (first, second):
        assert wire.ask(ping, b"+PONG\r\n") == b"+PONG\r\n"
    with running.connect() as third:
        third.send(ping)
        third.read_to_end()
    first.close()

    def room() -> bool:
        with running.connect() as wire:
            return wire.ask(ping, b"+PONG\r\n") == b"+PONG\r\n"

    wait_until(room, "room for a client")
    assert second.ask(ping, b"+PONG\r\n") == b"+PONG\r\n"
    second.close()


def test_the_limit_of_clients_is_of_all_workers(fleet: Fleet, proxy: Start) -> None:
    running = proxy(pool(fleet.redis(1), client_connections=3), "--workers", "2")
    with ExitStack() as stack:
        for _ in range(3):
            wire = stack.enter_context(running.connect())
            assert wire.ask(resp("GET", "k"), b"$-1\r\n") == b"$-1\r\n"
        for _ in range(5):
            with running.connect() as one_too_many:
                assert one_too_many.read_to_end() == b""


def test_descriptors_limit_the_clients(fleet: Fleet, proxy: Start) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    ours = len(list(Path("/proc/self/fd").iterdir()))
    limit = max(40, ours + 20)  # the proxy inherits it
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        running = proxy(pool(fleet.redis(1)))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with ExitStack() as stack:
        room = limit - 35 - 2 * (limit // 64)
        wires = [stack.enter_context(running.connect()) for _ in range(room)]
        for wire in wires:
            assert wire.ask(resp("GET", "k"), b"$-1\r\n") == b"$-1\r\n"
        with running.connect() as one_too_many:
            assert one_too_many.read_to_end() == b""
        wires[0].close()
        wait_until(lambda: accepted(running), "the place of the one that left")


def accepted(running: Proxy) -> bool:
    """Whether one more client is served."""
    with running.connect() as wire:
        return wire.ask(resp("GET", "k"), b"$-1\r\n") == b"$-1\r\n"


def test_ipv6_on_both_sides(proxy: Start) -> None:
    with closing(RedisServer(host="::1")) as server, Reservation("::1") as front:
        server.start()
        rows = ["alpha:", f"  listen: ::1:{front.port}", "  redis: true"]
        rows += ["  servers:", f"   - ::1:{server.port}:1 server1"]
        proxy("\n".join([*rows, ""]))
        wait_until(lambda: is_listening(front.port, "::1"), "the proxy to listen")
        with Wire(("::1", front.port)) as wire:
            assert wire.ask(resp("SET", "k", "v"), b"+OK\r\n") == b"+OK\r\n"


def test_two_pools_do_not_see_each_others_keys(fleet: Fleet, proxy: Start) -> None:
    one, two = fleet.redis(2)
    both = pool([one], "one", listen="@LISTEN1@") + pool(
        [two], "two", listen="@LISTEN2@"
    )
    running = proxy(both)
    with Wire(running.port_of(1)) as a, Wire(running.port_of(2)) as b:
        assert a.ask(resp("SET", "k", "v"), b"+OK\r\n") == b"+OK\r\n"
        assert b.ask(resp("GET", "k"), b"$-1\r\n") == b"$-1\r\n"


def test_a_value_too_large_for_memcached_costs_one_error(
    fleet: Fleet, proxy: Start
) -> None:
    running = proxy(pool(fleet.memcached(1), redis=False))
    too_large = b"x" * (3 << 20)
    request = b"set k 0 0 %d\r\n%s\r\n" % (len(too_large), too_large)
    refused = b"SERVER_ERROR object too large for cache\r\n"
    with running.connect() as wire:
        assert wire.ask(request + b"get k\r\n", refused + b"END\r\n") == (
            refused + b"END\r\n"
        )
        assert wire.ask(b"set k 0 0 1\r\nv\r\n", b"STORED\r\n") == b"STORED\r\n"


def test_a_server_by_name_is_found(fleet: Fleet, proxy: Start) -> None:
    server = fleet.redis(1)[0]
    rows = ["alpha:", "  listen: @LISTEN@", "  redis: true"]
    rows += ["  servers:", f"   - localhost:{server.port}:1 server1"]
    with proxy("\n".join([*rows, ""])).connect() as wire:
        assert wire.ask(resp("SET", "k", "v"), b"+OK\r\n") == b"+OK\r\n"


@contextmanager
def left_behind(running: Proxy, server: CannedServer) -> Iterator[str]:
    """A client that waits while its pool, the first, is removed; the file before."""
    both = running.config_file.read_text()
    with running.connect() as client:
        client.send(resp("GET", "k"))
        wait_until(lambda: any(server.heard), "the request")
        running.reload(both[both.index("b:") :])
        yield both


def test_a_pool_that_is_back_counts_the_clients_it_still_has(proxy: Start) -> None:
    with closing(CannedServer()) as server:
        running = proxy(pool([server]) + pool([server], "b", listen="@LISTEN2@"))
        with left_behind(running, server) as both:
            running.reload(both)
            assert running.pool_stats()["client_connections"] == 1
        server.close()
        wait_until(lambda: not running.pool_stats()["client_connections"], "the end")


def test_a_pool_that_is_back_does_not_count_who_had_said_quit(proxy: Start) -> None:
    with closing(CannedServer()) as server:
        running = proxy(pool([server]) + pool([server], "b", listen="@LISTEN2@"))
        both = running.config_file.read_text()
        with running.connect() as client:
            assert client.ask(resp("QUIT"), b"+OK\r\n") == b"+OK\r\n"
            running.reload(both[both.index("b:") :])
            running.reload(both)
            assert running.pool_stats()["client_connections"] == 0


def test_a_pool_that_is_back_owes_nothing_of_a_worker_that_died(proxy: Start) -> None:
    with closing(CannedServer()) as server:
        running = proxy(pool([server]) + pool([server], "b", listen="@LISTEN2@"))
        with left_behind(running, server) as both:
            (worker,) = wait_workers(running)
            os.kill(worker, signal.SIGKILL)
            wait_until(lambda: workers_of(running) not in ({worker}, set()), "another")
        running.reload(both)
        row = running.server_stats("server1")
        assert (row["server_connections"], row["out_queue"]) == (0, 0)


def test_the_limit_of_clients_is_also_of_those_that_leave(proxy: Start) -> None:
    with closing(CannedServer()) as server:
        limited = pool([server], client_connections=1)
        running = proxy(limited + pool([server], "b", listen="@LISTEN2@"))
        with left_behind(running, server) as both:
            running.reload(both)
            with running.connect() as one_too_many:
                assert one_too_many.read_to_end() == b""


def test_a_pool_that_is_back_has_no_servers_ejected_by_the_former(
    proxy: Start,
) -> None:
    with closing(CannedServer()) as server:
        ejects = pool([server], auto_eject_hosts=True, server_failure_limit=1)
        running = proxy(ejects + pool([server], "b", listen="@LISTEN2@"))
        with left_behind(running, server) as both:
            running.reload(both)
            server.close()
            wait_until(lambda: running.server_stats("server1")["server_eof"], "its end")
        assert running.server_stats("server1")["ejected"] == 0
        assert running.pool_stats()["server_ejects"] == 0


def test_who_does_not_read_leaves_a_removed_pool_as_any_other(proxy: Start) -> None:
    answer = b"$1000000\r\n" + bytes(1000000) + b"\r\n"
    script = [Line(until=b"k\r\n"), *[Line(send=answer)] * 20]
    with closing(CannedServer([script])) as server:
        pools = pool([server], client_idle_timeout=500)
        running = proxy(pools + pool([server], "b", listen="@LISTEN2@"))
        both = running.config_file.read_text()
        with running.connect() as client:
            client.send(resp("GET", "k") * 20)
            wait_until(lambda: running.stats()["buffered_bytes"], "replies")
            running.reload(both[both.index("b:") :])
            wait_until(lambda: running.stats()["curr_connections"] == 1, "the end")
