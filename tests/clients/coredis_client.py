"""coredis, which speaks RESP3 alone: ``PORT``."""

import asyncio
import sys

import coredis
from coredis.exceptions import ResponseError


async def main(port: int) -> None:
    """Use it as its manual does."""
    async with coredis.Redis(port=port) as client:
        assert await client.ping()
        assert await client.set("greeting", "hello")
        assert await client.get("greeting") == b"hello"
        assert await client.get("nothing") is None
        assert await client.hset("user", {"name": "ann"}) == 1
        assert await client.hgetall("user") == {b"name": b"ann"}
        assert await client.zadd("board", {"x": 1.5}) == 1
        assert await client.zscore("board", "x") == 1.5
        assert await client.mset({f"key:{i}": str(i) for i in range(50)})
        assert await client.mget(["key:1", "none", "key:2"]) == (b"1", None, b"2")
        async with client.pipeline(transaction=False) as pipeline:
            first = pipeline.set("a", "1")
            second = pipeline.incr("a")
        assert [await first, await second] == [True, 2]
        assert await client.eval("return ARGV[1]", ["a"], ["x"]) == b"x"
        try:
            await client.hget("greeting", "x")
        except ResponseError as error:
            assert "wrong kind of value" in str(error)
        else:
            raise AssertionError("a string is no hash")
        assert await client.get("greeting") == b"hello"


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
