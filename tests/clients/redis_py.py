"""redis-py, and valkey-py which is much like it: ``PORT MODULE [PARSER]``."""

import importlib
import sys
from typing import Any


def connect(port: int, module: Any, parser: str) -> Any:
    """Connect with the defaults, or with one of the two parsers."""
    if not parser:
        return module.Redis(port=port)
    chosen = getattr(importlib.import_module(f"{module.__name__}._parsers"), parser)
    pool = module.ConnectionPool(port=port, parser_class=chosen)
    return module.Redis(connection_pool=pool)


def use(client: Any, module: Any) -> None:
    """Do what applications do."""
    assert client.ping()
    assert client.set("greeting", "hello", ex=100)
    assert client.get("greeting") == b"hello"
    assert client.get("nothing") is None
    assert client.incrbyfloat("number", 1.5) == 1.5
    assert client.hset("user", mapping={"name": "ann", "age": "7"}) == 2
    assert client.hgetall("user") == {b"name": b"ann", b"age": b"7"}
    assert client.sadd("tags", "p", "q") == 2
    assert set(client.smembers("tags")) == {b"p", b"q"}
    assert client.zadd("board", {"x": 1, "y": 2.5}) == 2
    scores = client.zrange("board", 0, -1, withscores=True)
    assert [tuple(pair) for pair in scores] == [(b"x", 1.0), (b"y", 2.5)]
    many = {f"key:{i}": str(i) for i in range(50)}
    assert client.mset(many)
    assert client.mget([*many, "nothing"]) == [
        *(value.encode() for value in many.values()),
        None,
    ]
    assert {bytes(key) for key in client.scan_iter("key:*", count=5)} == {
        key.encode() for key in many
    }
    assert client.delete(*many) == 50
    with client.pipeline(transaction=False) as pipeline:
        pipeline.set("a", "1").incr("a").get("a").hgetall("user").mget("a", "none")
        answers = pipeline.execute()
    assert answers[:3] == [True, 2, b"2"]
    assert answers[4] == [b"2", None]
    script = client.register_script("return {KEYS[1], ARGV[1]}")
    assert script(keys=["a"], args=["x"]) == [b"a", b"x"]
    use_badly(client, module)


def use_badly(client: Any, module: Any) -> None:
    """Make mistakes; the connection survives them."""
    for request, text in (
        (("HGET", "greeting", "x"), "wrong kind of value"),
        (("GET",), "wrong number of arguments"),
        (("NOSUCH", "x"), "unknown command"),
        (("BLPOP", "queue", "0"), "would block"),
    ):
        try:
            client.execute_command(*request)
        except module.exceptions.ResponseError as error:
            assert text in str(error), error
        else:
            raise AssertionError(f"{request} was carried out")
    assert client.get("greeting") == b"hello"
    assert client.client_getname() is None
    assert client.info()["redis_version"]
    assert client.client_info()["cmd"]
    assert client.flushdb()
    assert client.dbsize() == 0


def main() -> None:
    """Connect and go."""
    port, name, *parser = sys.argv[1:]
    module = importlib.import_module(name)
    with connect(int(port), module, parser[0] if parser else "") as client:
        use(client, module)


if __name__ == "__main__":
    main()
