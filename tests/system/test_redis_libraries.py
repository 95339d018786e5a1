"""Client libraries of all kinds work through the proxy with their defaults.

What each does is in ``tests/clients``.
"""

import pytest

from tests.support.foreign import node_packages, python_package, run_node, run_python
from tests.support.proxy import Proxy


@pytest.mark.parametrize("parser", ["", "_RESP3Parser", "_HiredisParser"])
def test_redis_py_works(redis_proxy: Proxy, parser: str) -> None:
    run_python("redis_py", redis_proxy.port, "redis", parser)


@pytest.mark.parametrize("parser", ["_AsyncRESP3Parser", "_AsyncHiredisParser"])
def test_redis_asyncio_works(redis_proxy: Proxy, parser: str) -> None:
    run_python("redis_asyncio", redis_proxy.port, parser)


@pytest.mark.parametrize("parser", ["", "_RESP2Parser", "_HiredisParser"])
def test_redis_py_5_works(redis_proxy: Proxy, parser: str) -> None:
    older = python_package("redis5", "redis<6")
    run_python("redis_py", redis_proxy.port, "redis", parser, path=older)


def test_valkey_py_works(redis_proxy: Proxy) -> None:
    run_python("redis_py", redis_proxy.port, "valkey")


@pytest.mark.parametrize(
    "program",
    ["redis_asyncio", "coredis_client", "glide_client", "django_cache", "flask_cache"],
)
def test_a_python_library_works(redis_proxy: Proxy, program: str) -> None:
    run_python(program, redis_proxy.port)


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("ioredis.cjs", []),
        ("node_redis.cjs", []),
        ("node_redis.cjs", [2]),
        ("node_redis.cjs", [3]),
    ],
)
def test_a_node_library_works(
    redis_proxy: Proxy, program: str, arguments: list[int]
) -> None:
    modules = node_packages("ioredis", "redis")
    run_node(program, modules, redis_proxy.port, *arguments)
