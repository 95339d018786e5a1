"""The command line tools of Redis and of libmemcached work through the proxy."""

import subprocess
from pathlib import Path

from tests.support.proxy import Proxy
from tests.support.wire import resp

PATIENCE_S = 60


def tool(*words: object, feed: bytes = b"") -> str:
    """Run a tool to its good end; what it says."""
    done = subprocess.run(
        [str(word) for word in words],
        input=feed,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE_S,
        check=False,
    )
    text = done.stdout.decode()
    assert done.returncode == 0, text
    return text


def test_redis_cli_works_in_both_protocols(redis_proxy: Proxy) -> None:
    cli = ("redis-cli", "-p", redis_proxy.port)
    for version in ((), ("-3",)):
        assert tool(*cli, *version, "SET", "k", "v") == "OK\n"
        assert tool(*cli, *version, "HSET", "h", "f", "1") in ("1\n", "0\n")
        assert tool(*cli, *version, "HGETALL", "h").split() == ["f", "1"]
    typed = b"MULTI\nBLPOP q 0\nSUBSCRIBE c\nGET k\n"
    told = tool(*cli, feed=typed)
    assert told.count("is not supported by the proxy") == 3
    assert told.split()[-1] == "v"


def test_redis_cli_sends_and_scans_many_keys(redis_proxy: Proxy) -> None:
    cli = ("redis-cli", "-p", redis_proxy.port)
    many = b"".join(resp("SET", f"key:{i}", i) for i in range(2000))
    assert "errors: 0, replies: 2000" in tool(*cli, "--pipe", feed=many)
    assert len(set(tool(*cli, "--scan").split())) == 2000
    assert len(tool(*cli, "--scan", "--pattern", "key:1*").split()) == 1111
    assert "Sampled 2000 keys" in tool(*cli, "--bigkeys")
    assert "Sampled 2000 keys" in tool(*cli, "--memkeys")
    assert "string" in tool(*cli, "HELP", "GET")


def test_redis_benchmark_gets_no_error(redis_proxy: Proxy) -> None:
    run = ("redis-benchmark", "-p", redis_proxy.port, "-q", "-n", 200, "-c", 10)
    for more in ((), ("-P", 16), ("-P", 16, "-3")):
        told = tool(*run, *more)
        assert "MSET" in told
        assert "rror" not in told


def test_the_tools_of_libmemcached_work(memcache_proxy: Proxy, tmp_path: Path) -> None:
    server = f"--servers=127.0.0.1:{memcache_proxy.port}"
    (tmp_path / "greeting").write_text("hello")
    tool("memcping", server)
    tool("memccp", server, tmp_path / "greeting")
    assert tool("memccat", server, "greeting").strip() == "hello"
    tool("memcexist", server, "greeting")
    tool("memctouch", server, "--expire=100", "greeting")
    tool("memcrm", server, "greeting")
    assert "pid" in tool("memcstat", server)
    for test in ("set", "get", "mget"):
        load = (f"--test={test}", "--concurrency=4", "--execute-number=100")
        assert "rror" not in tool("memcslap", server, *load)
    tool("memcflush", server)


def test_memccapable_finds_nothing_missing(memcache_proxy: Proxy) -> None:
    told = tool("memccapable", "-h", "127.0.0.1", "-p", memcache_proxy.port, "-a")
    assert "FAIL" not in told
