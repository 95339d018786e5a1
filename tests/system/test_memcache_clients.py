"""pymemcache works through the proxy as it comes."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient
from pymemcache.serde import compressed_serde

from tests.support.backends import MemcachedServer
from tests.support.canned import CannedServer
from tests.support.proxy import Proxy, pool


@pytest.fixture
def client(memcache_proxy: Proxy) -> Iterator[Client]:
    """A pymemcache client with its defaults."""
    with closing(Client(("127.0.0.1", memcache_proxy.port), timeout=5)) as client:
        yield client


def test_pymemcache_stores_and_reads(client: Client) -> None:
    assert client.set("k", b"v", noreply=False)
    assert client.get("k") == b"v"
    assert client.get("none") is None
    assert client.add("k", b"w", noreply=False) is False
    assert client.replace("k", b"w", noreply=False)
    assert client.append("k", b"x", noreply=False)
    assert client.prepend("k", b"x", noreply=False)
    assert client.get("k") == b"xwx"
    assert client.touch("k", 100, noreply=False)
    assert client.delete("k", noreply=False)


def test_pymemcache_counts(client: Client) -> None:
    assert client.set("n", b"10", noreply=False)
    assert client.incr("n", 5) == 15
    assert client.decr("n", 1) == 14
    assert client.incr("none", 1) is None


def test_pymemcache_compares_and_swaps(client: Client) -> None:
    client.set("k", b"1", noreply=False)
    value, cas = client.gets("k")
    assert value == b"1"
    assert client.cas("k", b"2", cas, noreply=False) is True
    assert client.cas("k", b"3", cas, noreply=False) is False
    assert client.cas("none", b"3", cas, noreply=False) is None


def test_pymemcache_reads_many_keys_of_many_servers(client: Client) -> None:
    values = {f"user:{i * 37}": str(i).encode() for i in range(60)}
    assert client.set_many(values, noreply=False) == []
    assert client.get_many([*values, "none"]) == values
    assert set(client.gets_many(values)) == set(values)


def test_the_keys_of_the_last_request_leave_no_trace(client: Client) -> None:
    values = {f"k{i}": b"v" for i in range(60)}
    assert client.set_many(values, noreply=False) == []
    for i in range(60):
        assert client.get_many(values) == values
        assert client.delete(f"k{i}", noreply=False)
        left = {key: value for key, value in values.items() if key != f"k{i}"}
        assert client.get_many(values) == left
        assert client.set(f"k{i}", b"v", noreply=False)


def test_what_is_sent_without_reply_still_happens(client: Client) -> None:
    for i in range(50):
        client.set(f"k{i}", str(i).encode(), noreply=True)
    assert client.get_many([f"k{i}" for i in range(50)]) == {
        f"k{i}": str(i).encode() for i in range(50)
    }


def test_large_values_pass_in_both_directions(client: Client) -> None:
    value = bytes(range(256)) * 3_900
    assert client.set("large", value, noreply=False)
    assert client.get("large") == value


def test_statistics_of_all_servers_are_told_as_of_one(
    proxy: Callable[[str], Proxy],
    memcached_servers: Callable[..., list[MemcachedServer]],
) -> None:
    # Servers that nobody else uses: what was flushed is counted until it is looked for.
    running = proxy(pool(memcached_servers(3, "-R", "20"), redis=False))
    with closing(Client(("127.0.0.1", running.port), timeout=5)) as client:
        before = client.stats()
        client.set_many({f"user:{i * 37}": b"v" for i in range(60)}, noreply=False)
        after = client.stats()
        assert after[b"curr_items"] == 60
        assert int(after[b"cmd_set"]) - int(before[b"cmd_set"]) == 60
        assert after[b"pointer_size"] == 64
        items = client.stats("items")
        assert sum(items[name] for name in items if name.endswith(b":number")) == 60
        assert client.stats("slabs")[b"server1:1:chunk_size"] == 96
        assert client.stats("settings")[b"server3:maxconns"]
        assert client.raw_command(b"stats reset") == b"RESET"
        assert client.get("user:0") == b"v"


def test_commands_for_all_servers_are_answered_when_none_is_left(
    proxy: Callable[[str], Proxy], canned: Callable[..., CannedServer]
) -> None:
    server = canned()
    server.close()
    running = proxy(
        pool(
            [server],
            redis=False,
            auto_eject_hosts=True,
            server_failure_limit=1,
            server_retry_timeout=60000,
        )
    )
    with running.connect() as wire:
        for request in (b"get k\r\n", b"stats items\r\n", b"flush_all\r\n"):
            wire.send(request)
            assert wire.read_line().startswith(b"SERVER_ERROR")


def test_version_and_quit(client: Client) -> None:
    assert client.version()
    client.quit()
    assert client.get("none") is None


def test_a_pool_of_connections_shares_the_proxy(memcache_proxy: Proxy) -> None:
    address = ("127.0.0.1", memcache_proxy.port)
    with closing(PooledClient(address, max_pool_size=4, timeout=5)) as client:
        assert client.set("k", b"v", noreply=False)
        assert client.get("k") == b"v"


def test_objects_pass_through_a_serializer(memcache_proxy: Proxy) -> None:
    address = f"127.0.0.1:{memcache_proxy.port}"
    with closing(HashClient([address], serde=compressed_serde, timeout=5)) as client:
        page = {"title": "home", "text": "long " * 10_000}
        assert client.set_many({"page": page, "hits": 7}, noreply=False) == []
        assert client.get_many(["page", "hits"]) == {"page": page, "hits": 7}
        assert client.delete_many(["page", "hits"])
        assert client.get_many(["page", "hits"]) == {}


def test_a_command_that_it_does_not_know_is_passed_on(client: Client) -> None:
    client.set("k", b"v", noreply=False)
    assert client.raw_command("mg k s") == b"HD s1"
    assert client.raw_command("mg none s") == b"EN"
