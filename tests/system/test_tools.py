"""redis-cli and redis-benchmark work through the proxy."""

import shutil
import subprocess
from typing import Final

import pytest

from tests.support.proxy import Proxy

PATIENCE_S: Final = 60


def run(tool: str, proxy: Proxy, *arguments: str, typed: str = "") -> str:
    """Run a tool against the proxy; what it printed."""
    if shutil.which(tool) is None:
        pytest.fail(f"{tool} is not installed")
    done = subprocess.run(
        [tool, "-p", str(proxy.port), *arguments],
        input=typed,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    return done.stdout


def test_redis_cli_runs_single_commands(redis_proxy: Proxy) -> None:
    assert run("redis-cli", redis_proxy, "SET", "k", "v") == "OK\n"
    assert run("redis-cli", redis_proxy, "GET", "k") == "v\n"
    assert run("redis-cli", redis_proxy, "PING", "hi") == "hi\n"


def test_redis_cli_goes_on_after_an_error(redis_proxy: Proxy) -> None:
    typed = "SET k v\nNOSUCH\nGET\nMGET k none\nDEL k none\n"
    printed = run("redis-cli", redis_proxy, typed=typed)
    lines = [line for line in printed.splitlines() if line]
    assert lines == [
        "OK",
        "ERR unknown command 'NOSUCH', with args beginning with: ",
        "ERR wrong number of arguments for 'get' command",
        "v",
        "1",
    ]


@pytest.mark.parametrize("depth", ["1", "32"])
def test_redis_benchmark_finishes_without_an_error(
    redis_proxy: Proxy, depth: str
) -> None:
    size = ("-n", "4000", "-c", "20", "-P", depth, "-r", "1000")
    tests = "set,get,incr,lpush,lpop,sadd,hset,spop,zadd,zpopmin,mset"
    printed = run("redis-benchmark", redis_proxy, *size, "-t", tests, "--csv")
    rows = [line for line in printed.splitlines() if line.startswith('"')]
    assert len(rows) >= len(tests.split(","))
    assert "rror" not in printed
