"""A real memcached as the judge: it must read what we pass on exactly as we did.

Each request that our scanner takes is sent as the proxy would send it, with an `mn`
behind it: one response of the right kind, then the answer to that, and nothing else.
"""

import contextlib
import random
import time
from typing import Final

from fuzz.against import Judge
from fuzz.corpus import corpus_of
from fuzz.mutate import mutated
from tests.support.backends import MemcachedServer
from tests.wire.feeding import feed
from twemproxy.errors import ProtocolError
from twemproxy.wire import progress, rule
from twemproxy.wire.memcache import due
from twemproxy.wire.memcache.commands import COMMANDS
from twemproxy.wire.memcache.request import RequestScanner
from twemproxy.wire.memcache.response import ResponseScanner
from twemproxy.wire.memcache.rewrite import rewritten

PING: Final = b"mn\r\n"
PONG: Final = b"MN\r\n"
# What a server says to a request that we should have refused.
OBJECTIONS: Final = (
    b"ERROR",
    b"CLIENT_ERROR bad data chunk",
    b"CLIENT_ERROR bad command line format",
    b"CLIENT_ERROR line too long",
    b"CLIENT_ERROR invalid numeric delta",
    b"CLIENT_ERROR invalid exptime",
)


def passed_on(walker: RequestScanner, buf: bytearray, at: int) -> bytes:
    """Return a whole request as a server receives it, nothing if none does."""
    row = COMMANDS[walker.row]
    if walker.fault or row.how not in (rule.SINGLE, rule.SPLIT_VALUES):
        return b""
    if walker.canonical:
        return bytes(buf[at : at + walker.length])
    line = rewritten(row, walker.words(buf, at, walker.count))
    return line + b"\r\n" + bytes(buf[at + walker.line : at + walker.length])


def check_whole(judge: Judge, request: bytes, reply: int, quiet: bool) -> str:
    """Pass a request on; what is wrong with the answer."""
    got = judge.ask(request)
    wrong = f"{request!r} was answered {got!r}"
    if quiet or (reply == due.META and got == PONG):
        return "" if got == PONG else wrong

    def scanner() -> ResponseScanner:
        made = ResponseScanner()
        made.expects = reply
        return made

    first = got.removesuffix(PONG)
    seen = feed(scanner, first, [len(first)])
    if seen.error or len(seen.found) != 1 or seen.rest != len(first):
        return wrong
    # The flags of meta commands are the server's own affair, and so are its objections.
    objections = OBJECTIONS[:2] if reply == due.META else OBJECTIONS
    return wrong if got.startswith(objections) else ""


def check(judge: Judge, data: bytes) -> str:
    """Let the judge read what our scanner found whole; what he saw differently."""
    walker = RequestScanner()
    buf = bytearray(data)
    pos = 0
    with contextlib.suppress(ProtocolError):
        while pos < len(buf):
            status = walker.advance(buf, pos, len(buf))
            if status == progress.MORE:
                break
            request = passed_on(walker, buf, pos) if status == progress.WHOLE else b""
            if request:
                reply = COMMANDS[walker.row].reply
                wrong = check_whole(judge, request, reply, walker.quiet)
                if wrong:
                    return wrong
            pos += walker.length
            walker.reset()
    return ""


def run_against_memcache(seconds: float, seed: int) -> str:
    """Compare until time is up; what differs, empty if nothing does."""
    corpus = corpus_of("memcache_request")
    chance = random.Random(seed)
    deadline = time.monotonic() + seconds
    count = 0
    with contextlib.closing(MemcachedServer()) as server:
        server.start()
        with contextlib.closing(Judge(server.port, PING, PONG)) as judge:
            while time.monotonic() < deadline:
                data = mutated(corpus, chance)
                wrong = check(judge, data)
                if wrong:
                    return wrong
                count += 1
    print(f"fuzz against_memcache: {count} inputs in {seconds:g} s, seed {seed}")
    return ""
