"""valkey-glide, whose core is in Rust: ``PORT``."""

import asyncio
import sys

from glide import (
    Batch,
    GlideClient,
    GlideClientConfiguration,
    NodeAddress,
    RequestError,
    Script,
)


async def main(port: int) -> None:
    """Use it as its manual does."""
    config = GlideClientConfiguration([NodeAddress("127.0.0.1", port)])
    client = await GlideClient.create(config)
    assert await client.ping() == b"PONG"
    assert await client.set("greeting", "hello")
    assert await client.get("greeting") == b"hello"
    assert await client.get("nothing") is None
    assert await client.hset("user", {"name": "ann"}) == 1
    assert await client.hgetall("user") == {b"name": b"ann"}
    assert await client.mset({f"key:{i}": str(i) for i in range(50)}) == "OK"
    assert await client.mget(["key:1", "none", "key:2"]) == [b"1", None, b"2"]
    batch = Batch(is_atomic=False)
    batch.set("a", "1")
    batch.incr("a")
    assert await client.exec(batch, raise_on_error=True) == ["OK", 2]
    script = Script("return ARGV[1]")  # type: ignore[no-untyped-call] # theirs
    assert await client.invoke_script(script, keys=["a"], args=["x"]) == b"x"
    try:
        await client.hget("greeting", "x")
    except RequestError as error:
        assert "wrong kind of value" in str(error)
    else:
        raise AssertionError("a string is no hash")
    assert await client.get("greeting") == b"hello"
    await client.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
