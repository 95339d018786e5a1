"""The asyncio side of redis-py: ``PORT [PARSER]``."""

import asyncio
import sys

import redis.asyncio
from redis import _parsers
from redis.exceptions import ResponseError


def connect(port: int, parser: str) -> redis.asyncio.Redis:
    """Connect with the defaults, or with one of the two parsers."""
    if not parser:
        return redis.asyncio.Redis(port=port)
    chosen = getattr(_parsers, parser)
    pool = redis.asyncio.ConnectionPool(port=port, parser_class=chosen)
    return redis.asyncio.Redis(connection_pool=pool)


async def main(port: int, parser: str = "") -> None:
    """Let many tasks share a pool of connections."""
    async with connect(port, parser) as client:
        assert await client.ping()
        assert await client.set("greeting", "hello")
        assert await client.get("greeting") == b"hello"
        assert await client.hset("user", mapping={"name": "ann"}) == 1
        assert await client.hgetall("user") == {b"name": b"ann"}
        keys = [f"key:{i}" for i in range(50)]
        await asyncio.gather(*(client.set(key, key) for key in keys))
        assert await client.mget(keys) == [key.encode() for key in keys]
        async with client.pipeline(transaction=False) as pipeline:
            pipeline.set("a", "1")
            pipeline.incr("a")
            pipeline.mget("a", "b")
            answers = await pipeline.execute()
        assert answers == [True, 2, [b"2", None]]
        assert await client.eval("return ARGV[1]", 1, "a", "x") == b"x"
        try:
            await client.hget("greeting", "x")
        except ResponseError as error:
            assert "wrong kind of value" in str(error)
        else:
            raise AssertionError("a string is no hash")
        assert [key async for key in client.scan_iter("key:*")]
        assert await client.get("greeting") == b"hello"


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
