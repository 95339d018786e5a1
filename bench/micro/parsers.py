"""How long finding the end of a message takes: requests and responses, per message."""

from collections.abc import Callable
from typing import Any, NamedTuple

from bench.micro.timing import nanoseconds
from twemproxy.wire import progress
from twemproxy.wire.memcache import due
from twemproxy.wire.memcache.request import RequestScanner as MemcacheRequests
from twemproxy.wire.memcache.response import ResponseScanner as MemcacheResponses
from twemproxy.wire.redis.answers import request
from twemproxy.wire.redis.request import RequestScanner as RedisRequests
from twemproxy.wire.redis.response import ResponseScanner as RedisResponses

AT_ONCE = 64  # messages in a buffer, as of a pipeline
VALUE = b"v" * 100
KEYS = [b"key:%012d" % i for i in range(100)]


class Case(NamedTuple):
    """One kind of message, and what finds its end."""

    name: str
    message: bytes
    scanner: Callable[[], Any]
    expects: int = 0  # for responses whose form depends on the request


def values(*keys: bytes) -> bytes:
    """Encode what memcached answers when all keys are there."""
    found = b"".join(b"VALUE %b 0 %d\r\n%b\r\n" % (k, len(VALUE), VALUE) for k in keys)
    return found + b"END\r\n"


CASES = (
    Case("redis GET", request([b"GET", KEYS[0]]), RedisRequests),
    Case("redis SET", request([b"SET", KEYS[0], VALUE]), RedisRequests),
    Case("redis MGET of 100", request([b"MGET", *KEYS]), RedisRequests),
    Case("redis inline", b"GET %b\r\n" % KEYS[0], RedisRequests),
    Case("redis +OK", b"+OK\r\n", RedisResponses),
    Case("redis string", b"$100\r\n%b\r\n" % VALUE, RedisResponses),
    Case("redis array of 100", request([VALUE] * 100), RedisResponses),
    Case("memcached get", b"get %b\r\n" % KEYS[0], MemcacheRequests),
    Case("memcached get of 100", b"get %b\r\n" % b" ".join(KEYS), MemcacheRequests),
    Case(
        "memcached set",
        b"set %b 0 0 100\r\n%b\r\n" % (KEYS[0], VALUE),
        MemcacheRequests,
    ),
    Case("memcached mg", b"mg %b v t\r\n" % KEYS[0], MemcacheRequests),
    Case("memcached STORED", b"STORED\r\n", MemcacheResponses, due.STORED),
    Case("memcached value", values(KEYS[0]), MemcacheResponses, due.VALUES),
    Case("memcached 100 values", values(*KEYS), MemcacheResponses, due.VALUES),
)


def walk(case: Case) -> Callable[[], int]:
    """Make a call that walks over a buffer full of messages, and counts them."""
    scanner = case.scanner()
    buf = bytearray(case.message * AT_ONCE)
    if case.expects:
        scanner.expects = case.expects
        scanner.wanted = -1

    def over() -> int:
        pos = found = 0
        while pos < len(buf):
            if scanner.advance(buf, pos, len(buf)) == progress.MORE:
                break
            pos += scanner.length
            scanner.reset()
            found += 1
        return found

    return over


def report() -> None:
    """Print one line per kind of message."""
    for case in CASES:
        over = walk(case)
        if over() != AT_ONCE:
            raise SystemExit(f"{case.name}: not read as {AT_ONCE} messages")
        spent = nanoseconds(over) / AT_ONCE
        size = len(case.message)
        print(f"scan {case.name:22} {spent:9.0f} ns  {size:6} bytes")
