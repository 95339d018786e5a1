"""Commands that concern all servers, and those that a pool denies or adds."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
import redis

from tests.support.backends import RedisServer
from tests.support.proxy import Proxy, pool
from tests.support.waiting import wait_until
from tests.support.wire import resp

Servers = Callable[..., list[RedisServer]]
Start = Callable[[str], Proxy]

KEYS = {f"key:{i}": str(i) for i in range(300)}


@pytest.fixture(params=[2, 3])
def client(request: pytest.FixtureRequest, redis_proxy: Proxy) -> Iterator[redis.Redis]:
    """A client of each protocol, before three servers."""
    with closing(redis.Redis(port=redis_proxy.port, protocol=request.param)) as client:
        yield client


def refused(client: redis.Redis, *words: str) -> str:
    """The text of the error that a request gets."""
    with pytest.raises(redis.ResponseError) as caught:
        client.execute_command(*words)  # type: ignore[no-untyped-call] # theirs
    return str(caught.value)


def test_a_script_that_does_not_end_is_killed_past_it(client: redis.Redis) -> None:
    busy = client.connection_pool.get_connection()
    busy.send_command("EVAL", "while true do end", 1, "k")  # type: ignore[no-untyped-call] # theirs
    wait_until(lambda: was_killed(client), "the script to be killed")
    with pytest.raises(redis.ResponseError, match="killed"):
        busy.read_response()
    client.connection_pool.release(busy)
    assert client.get("k") is None


def was_killed(client: redis.Redis) -> bool:
    """Kill the script that runs; false when there is none yet."""
    try:
        return bool(client.script_kill())
    except redis.ResponseError:
        return False


def test_a_function_that_does_not_end_is_told_of_and_killed(
    client: redis.Redis,
) -> None:
    code = "redis.register_function('spin', function() while true do end end)"
    assert client.function_load(f"#!lua name=endless\n{code}") == b"endless"
    busy = client.connection_pool.get_connection()
    busy.send_command("FCALL", "spin", 1, "k")  # type: ignore[no-untyped-call] # theirs
    wait_until(lambda: "spin" in repr(client.function_stats()), "it to be told of")
    assert client.function_kill()
    with pytest.raises(redis.ResponseError, match="killed"):
        busy.read_response()
    client.connection_pool.release(busy)
    assert "spin" not in repr(client.function_stats())
    assert client.function_delete("endless")


def test_keys_of_all_servers_are_counted_listed_and_removed(
    client: redis.Redis,
) -> None:
    assert client.randomkey() is None
    assert client.dbsize() == 0
    client.mset(KEYS)
    assert client.dbsize() == len(KEYS)
    assert set(client.keys("*")) == {key.encode() for key in KEYS}
    assert client.keys("nothing*") == []
    assert {client.randomkey() for _ in range(50)} <= {key.encode() for key in KEYS}
    assert client.flushdb()
    assert client.dbsize() == 0


@pytest.mark.parametrize("count", [1, 7, 1000])
def test_a_scan_walks_over_all_servers(client: redis.Redis, count: int) -> None:
    client.mset(KEYS)
    client.sadd("set", "member")
    found = [key.decode() for key in client.scan_iter("key:*", count=count)]
    assert sorted(found) == sorted(KEYS)
    assert list(client.scan_iter(_type="set", count=count)) == [b"set"]


def test_a_scan_skips_an_ejected_server(redis_servers: Servers, proxy: Start) -> None:
    servers = redis_servers(4)
    through = proxy(
        pool(
            servers,
            auto_eject_hosts=True,
            server_failure_limit=1,
            server_retry_timeout=600_000,
            timeout=2000,
        )
    )
    with closing(redis.Redis(port=through.port)) as client:
        client.mset(KEYS)
        cursor, found = client.scan(0, count=10)
        for server in (servers[0], servers[3]):
            server.kill()
        wait_until(lambda: ejections(through) == 2, "two ejections")
        while cursor:
            cursor, more = client.scan(cursor, count=10)
            found += more
        assert len(set(found)) > 0
        assert client.dbsize() <= len(KEYS)
        assert set(client.keys("*")) == set(client.scan_iter(count=3))


def ejections(through: Proxy) -> int:
    """How many servers have been ejected."""
    return through.pool_stats()["server_ejects"]


def test_scripts_and_functions_are_known_to_all_servers(client: redis.Redis) -> None:
    text = "return redis.call('set', KEYS[1], ARGV[1])"
    digest = client.script_load(text)
    assert client.script_exists(digest, "f" * 40) == [True, False]
    for key in list(KEYS)[:30]:
        assert client.evalsha(digest, 1, key, "v") == b"OK"
    assert client.script_flush()
    assert client.script_exists(digest) == [False]
    code = "#!lua name=mine\nredis.register_function('f', function(k) return k[1] end)"
    assert client.function_load(code) == b"mine"
    assert [client.fcall("f", 1, key) for key in ("a", "b", "c")] == [b"a", b"b", b"c"]
    assert "already exists" in refused(client, "FUNCTION", "LOAD", code)
    assert client.function_delete("mine")
    assert "No scripts in execution" in refused(client, "SCRIPT", "KILL")


def test_a_dead_server_is_the_answer_to_what_concerns_all(
    redis_servers: Servers, proxy: Start
) -> None:
    servers = redis_servers(3)
    through = proxy(pool(servers))
    with closing(redis.Redis(port=through.port)) as client:
        client.mset(KEYS)
        servers[1].kill()
        for words in (["DBSIZE"], ["KEYS", "*"], ["FLUSHALL"], ["SCRIPT", "FLUSH"]):
            assert "Connection re" in refused(client, *words)
        assert client.ping()


def test_wait_does_not_hold_up_others_for_long(client: redis.Redis) -> None:
    assert client.wait(0, 0) == 0
    assert client.wait(1, 10) == 0
    assert "would block" in refused(client, "WAIT", "1", "0")
    assert "would block" in refused(client, "WAIT", "1", "60000")
    assert "not an integer" in refused(client, "WAIT", "1", "x")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["BLPOP", "k", "0"], "'blpop' is not supported by the proxy: it would block"),
        (
            ["XREAD", "BLOCK", "0", "STREAMS", "k", "0"],
            "'xread' is not supported by the proxy: with BLOCK it would block",
        ),
        (
            ["WAITAOF", "0", "1", "0"],
            "'waitaof' is not supported by the proxy: without a timeout of 1 to",
        ),
        (["MULTI"], "'multi' is not supported by the proxy: a transaction needs"),
        (["WATCH", "k"], "'watch' is not supported by the proxy: a transaction needs"),
        (["SUBSCRIBE", "c"], "'subscribe' is not supported by the proxy: a subscri"),
        (["PUBLISH", "c", "m"], "'publish' is not supported by the proxy: a channel"),
        (["MONITOR"], "'monitor' is not supported by the proxy: a monitor needs"),
        (["DEBUG", "SLEEP", "0"], "'debug' is not supported by the proxy: it manages"),
        (["CLIENT", "TRACKING", "ON"], "'client|tracking' is not supported by the"),
        (["MIGRATE", "h", "1", "k", "0", "1"], "'migrate' is denied by the config"),
        (
            ["COPY", "k", "l", "DB", "7"],
            "'copy' is not supported by the proxy: with DB",
        ),
        (["COPY", "k", "l", "REPLACE", "db"], "with DB, for a pool has one database"),
        (["SELECT", "7"], "DB index is out of range"),
    ],
)
def test_what_cannot_work_says_why_and_the_connection_stays(
    client: redis.Redis, words: list[str], reason: str
) -> None:
    assert reason in refused(client, *words)
    assert client.ping()


def test_a_pool_denies_what_its_file_says(redis_servers: Servers, proxy: Start) -> None:
    words = "FLUSHALL config|get @scripting get"
    through = proxy(pool(redis_servers(2), deny_commands=words))
    with closing(redis.Redis(port=through.port)) as client:
        for denied in (
            ["FLUSHALL"],
            ["CONFIG", "GET", "x"],
            ["EVAL", "return 1", "0"],
            ["GET", "k"],
        ):
            assert "is denied by the configuration" in refused(client, *denied)
        assert client.set("k", "v")
        assert client.flushdb()
    with through.connect() as conn:
        unknown = b"*1\r\n$-1\r\n"
        assert conn.ask(resp("COMMAND", "INFO", "get"), unknown) == unknown


def test_a_pool_denies_what_only_a_rule_for_many_names_or_its_own_line_knows(
    redis_servers: Servers, proxy: Start
) -> None:
    words = f"json.set FT.DROPINDEX config|set object|freq @dangerous x.{'y' * 300}"
    rows = '["config any", "object key key=2"]'
    through = proxy(pool(redis_servers(1), commands=rows, deny_commands=words))
    with closing(redis.Redis(port=through.port)) as client:
        for denied in (
            ["JSON.SET", "k", "$", "1"],
            ["ft.dropindex", "k"],
            ["CONFIG", "SET", "maxmemory", "0"],
            ["OBJECT", "FREQ", "k"],
            ["SORT", "k"],
            ["SORT_RO", "k"],
            ["RESTORE", "k", "0", "x"],
        ):
            assert "is denied by the configuration" in refused(client, *denied)
        assert "unknown command 'JSON.GET'" in refused(client, "JSON.GET", "k")
        assert client.config_get("maxmemory") == {"maxmemory": "0"}
        assert client.set("k", "v")
        assert client.object("encoding", "k") == b"embstr"
        assert client.copy("k", "l", destination_db="0")


def test_a_pool_adds_and_overrides_commands(
    redis_servers: Servers, proxy: Start
) -> None:
    rows = '["no.such key", "role any"]'
    through = proxy(pool(redis_servers(3), commands=rows, deny_commands="[]"))
    with closing(redis.Redis(port=through.port)) as client:
        assert "unknown command 'NO.SUCH'" in refused(client, "NO.SUCH", "k")
        assert "wrong number of arguments" in refused(client, "NO.SUCH")
        role = client.execute_command("ROLE")  # type: ignore[no-untyped-call] # theirs
        assert role[0] == b"master"
    with through.connect() as conn:
        named = b"*1\r\n$7\r\nno.such\r\n"
        ask = resp("COMMAND", "LIST", "FILTERBY", "PATTERN", "no.such")
        assert conn.ask(ask, named) == named


@pytest.mark.parametrize(
    ("category", "inside", "outside"),
    [
        ("list", b"lrange", b"get"),
        ("sortedset", b"zrank", b"lrange"),
        ("stream", b"xgroup|create", b"hget"),
        ("keyspace", b"expire", b"get"),
        ("read", b"get", b"set"),
        ("nothing", b"", b"get"),
    ],
)
def test_commands_are_listed_by_category(
    client: redis.Redis, category: str, inside: bytes, outside: bytes
) -> None:
    found = client.command_list(category=category)
    assert bool(inside) == (inside in found)
    assert outside not in found


@pytest.mark.parametrize("word", ["SORT", "SORT_RO"])
def test_a_sort_looks_up_keys_of_its_own_server_alone(
    redis_servers: Servers, proxy: Start, word: str
) -> None:
    through = proxy(pool(redis_servers(3), hash_tag='"{}"'))
    with closing(redis.Redis(port=through.port)) as client:
        client.rpush("{t}list", "1", "2")
        client.mset({"{t}w_1": 2, "{t}w_2": 1, "n_1": "one", "n_2": "two"})
        ask = [word, "{t}list", "BY", "{t}w_*"]
        sorted_ = client.execute_command(*ask)  # type: ignore[no-untyped-call] # theirs
        assert sorted_ == [b"2", b"1"]
        assert client.sort("{t}list", by="nosort", desc=True) == [b"2", b"1"]
        for pattern in ("n_*", "n_{*}", "n_*->{t}", "{}n_*"):
            assert "hash to the same server" in refused(client, *ask, "GET", pattern)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["XREAD", "BLOCK\0", "0", "STREAMS", "s", "$"], "'xread' is not supported"),
        (["XREAD", "block\0and so on", "0", "STREAMS", "s", "$"], "'xread' is not"),
        (["COPY", "k", "l", "DB\0", "7"], "'copy' is not supported by the proxy"),
    ],
)
def test_a_word_that_ends_for_the_server_ends_for_us(
    client: redis.Redis, words: list[str], reason: str
) -> None:
    assert reason in refused(client, *words)
    assert client.ping()
