"""redis-py, its asyncio side and hiredis work through the proxy as they come."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise

import hiredis
import pytest
import redis
import redis.asyncio

from tests.support.backends import RedisServer
from tests.support.fleet import Fleet
from tests.support.proxy import Proxy
from tests.support.wire import resp


@pytest.fixture
def client(redis_proxy: Proxy) -> Iterator[redis.Redis]:
    """redis-py, speaking the older protocol."""
    with closing(redis.Redis(port=redis_proxy.port, protocol=2)) as client:
        yield client


def test_redis_py_connects_with_its_defaults(redis_proxy: Proxy) -> None:
    with closing(redis.Redis(port=redis_proxy.port)) as client:
        assert client.ping()


def test_redis_py_stores_and_reads_strings(client: redis.Redis) -> None:
    assert client.set("greeting", "hello", ex=100)
    assert client.get("greeting") == b"hello"
    assert client.strlen("greeting") == 5
    assert client.incr("hits", 5) == 5
    assert client.getrange("greeting", 0, 3) == b"hell"
    assert 0 < client.ttl("greeting") <= 100


def test_redis_py_stores_and_reads_structures(client: redis.Redis) -> None:
    assert client.hset("user", mapping={"name": "ann", "age": "7"}) == 2
    assert client.hgetall("user") == {b"name": b"ann", b"age": b"7"}
    assert client.rpush("queue", "a", "b", "c") == 3
    assert client.lrange("queue", 0, -1) == [b"a", b"b", b"c"]
    assert client.zadd("board", {"x": 1, "y": 2}) == 2
    assert client.zrange("board", 0, -1, withscores=True) == [(b"x", 1.0), (b"y", 2.0)]
    assert client.sadd("tags", "p", "q") == 2
    assert client.smembers("tags") == {b"p", b"q"}


def test_keys_spread_over_the_servers_and_come_back_in_order(
    client: redis.Redis, fleet: Fleet
) -> None:
    values = {f"user:{i * 37}": str(i) for i in range(60)}
    assert client.mset(values)
    assert client.mget(list(values)) == [str(i).encode() for i in range(60)]
    shares = [size_of(server) for server in fleet_now(fleet)]
    assert sum(shares) == 60
    assert all(shares)
    assert client.exists(*values) == 60
    assert client.touch(*values) == 60
    assert client.delete(*list(values)[:20]) == 20
    assert client.unlink(*values) == 40


def fleet_now(fleet: Fleet) -> list[RedisServer]:
    """The three servers behind the proxy, as they are."""
    return fleet.running_redis(3)


def size_of(server: RedisServer) -> int:
    """How many keys a server holds itself."""
    with closing(redis.Redis(port=server.port, protocol=2)) as direct:
        return int(direct.dbsize())


def test_a_pipeline_answers_in_order(client: redis.Redis) -> None:
    with client.pipeline(transaction=False) as pipeline:
        for i in range(500):
            pipeline.set(f"k{i}", i)
            pipeline.get(f"k{i}")
            pipeline.mget(f"k{i}", f"k{i + 1}")
        answers = pipeline.execute()
    assert answers[1::3] == [str(i).encode() for i in range(500)]
    assert answers[2::3] == [[str(i).encode(), None] for i in range(500)]


def test_an_error_in_a_pipeline_spoils_no_other_answer(client: redis.Redis) -> None:
    client.rpush("list", "x")
    with client.pipeline(transaction=False) as pipeline:
        pipeline.set("k", "v")
        pipeline.get("list")
        pipeline.execute_command("NOSUCH", "x")  # type: ignore[no-untyped-call] # theirs
        pipeline.get("k")
        answers = pipeline.execute(raise_on_error=False)
    assert answers[0] is True
    assert isinstance(answers[1], redis.ResponseError)
    assert "unknown command" in str(answers[2])
    assert answers[3] == b"v"


def test_scripts_run_where_their_key_lives(client: redis.Redis) -> None:
    script = "redis.call('set', KEYS[1], ARGV[1]) return redis.call('get', KEYS[1])"
    assert client.eval(script, 1, "k", "v") == b"v"
    with pytest.raises(redis.exceptions.NoScriptError):
        client.evalsha("f" * 40, 1, "k")


def test_an_error_of_a_server_is_the_clients_error(client: redis.Redis) -> None:
    client.set("k", "v")
    with pytest.raises(redis.ResponseError, match="wrong kind of value"):
        client.lpush("k", "x")
    assert client.get("k") == b"v"


def test_keys_of_several_servers_are_refused(client: redis.Redis) -> None:
    keys = [f"user:{i * 37}" for i in range(40)]
    for key in keys:
        client.sadd(key, "member")
    answers = [str(answer_or_error(client, pair)) for pair in pairwise(keys)]
    refused = "Keys in request don't hash to the same server"
    assert set(answers) == {"{b'member'}", refused}


def answer_or_error(client: redis.Redis, keys: tuple[str, ...]) -> object:
    """Intersect two sets; the error where that is refused."""
    try:
        return client.sinter(list(keys))
    except redis.ResponseError as error:
        return error


def test_large_values_pass_in_both_directions(client: redis.Redis) -> None:
    value = bytes(range(256)) * 40_000
    assert client.set("large", value)
    assert client.get("large") == value
    assert client.mget("large", "none", "large") == [value, None, value]


def test_redis_asyncio_answers_many_tasks_at_once(redis_proxy: Proxy) -> None:
    async def task(client: redis.asyncio.Redis, i: int) -> bytes | str | None:
        await client.set(f"k{i}", f"v{i}")
        return await client.get(f"k{i}")

    async def main() -> list[bytes | str | None]:
        client = redis.asyncio.Redis(port=redis_proxy.port)
        try:
            return await asyncio.gather(*(task(client, i) for i in range(50)))
        finally:
            await client.aclose()

    assert asyncio.run(main()) == [f"v{i}".encode() for i in range(50)]


def test_hiredis_reads_every_reply_type(redis_proxy: Proxy) -> None:
    reader = hiredis.Reader()
    requests = [
        (resp("SET", "k", "v"), b"OK"),
        (resp("GET", "k"), b"v"),
        (resp("GET", "none"), None),
        (resp("INCR", "n"), 1),
        (resp("MGET", "k", "none"), [b"v", None]),
        (resp("EVAL", "return {1,{2,{}}}", "1", "k"), [1, [2, []]]),
    ]
    with socket.create_connection(("127.0.0.1", redis_proxy.port), timeout=5) as conn:
        for request, expected in requests:
            conn.sendall(request)
            reply = reader.gets()
            while reply is False:
                reader.feed(conn.recv(65536))
                reply = reader.gets()
            assert reply == expected
