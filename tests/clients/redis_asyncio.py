"""The asyncio side of redis-py: ``PORT``."""

import asyncio
import sys

import redis.asyncio
from redis.exceptions import ResponseError


async def main(port: int) -> None:
    """Let many tasks share a pool of connections."""
    async with redis.asyncio.Redis(port=port) as client:
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
    asyncio.run(main(int(sys.argv[1])))
