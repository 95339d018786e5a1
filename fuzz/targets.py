"""What is fuzzed: each target takes bytes and fails if an invariant does.

The invariant of a parser: it parses, asks for more, or raises ProtocolError, the same
in the compiled and the interpreted run, however its input is cut, and its work grows
with its input only.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from fuzz.splits import memcache_split, redis_split
from fuzz.violation import require
from tests.support.plain import plain
from tests.wire.feeding import Outcome, feed
from twemproxy.config.load import parse
from twemproxy.config.model import pool_from_plain
from twemproxy.config.problems import ConfigFileError
from twemproxy.control.channel import read_message
from twemproxy.control.http import parse_head
from twemproxy.errors import ProtocolError
from twemproxy.wire import expect, progress
from twemproxy.wire.memcache import due
from twemproxy.wire.memcache.request import RequestScanner as MemcacheRequest
from twemproxy.wire.memcache.response import ResponseScanner as MemcacheResponse
from twemproxy.wire.redis.commands import COMMANDS
from twemproxy.wire.redis.inline import as_request, split_words
from twemproxy.wire.redis.keys import positions
from twemproxy.wire.redis.merge import fits, is_trouble
from twemproxy.wire.redis.request import RequestScanner
from twemproxy.wire.redis.response import ResponseScanner

PlainRequest: Final = plain("twemproxy.wire.redis.request").RequestScanner
PlainResponse: Final = plain("twemproxy.wire.redis.response").ResponseScanner
PlainMemcacheRequest: Final = plain("twemproxy.wire.memcache.request").RequestScanner
PlainMemcacheResponse: Final = plain("twemproxy.wire.memcache.response").ResponseScanner
MEMCACHE_KINDS: Final = tuple(range(due.VALUES, due.META + 1))

Target = Callable[[bytes], object]


def cuts_of(data: bytes) -> list[int]:
    """Derive from the bytes themselves where they are cut."""
    steps = [1 + byte % 7 for byte in data[:64]]
    ends = [sum(steps[:i]) for i in range(1, len(steps))]
    return [*(end for end in ends if end < len(data)), len(data)]


def check_scanner(
    make: Callable[[], Any], second: Callable[[], Any], data: bytes
) -> Outcome:
    """Read whole, in pieces, and with the second opinion."""
    whole = feed(make, data)
    clean = not whole.error or whole.error.startswith("ProtocolError: ")
    require(clean, "an error of another kind", whole.error)
    require(whole == feed(make, data, cuts_of(data)), "cutting matters", whole)
    require(whole == feed(second, data), "both runs differ", whole)
    return whole


def redis_request(data: bytes) -> None:
    """Read requests of Redis clients; what lines become must be requests too."""
    outcome = check_scanner(RequestScanner, PlainRequest, data)
    pos = 0
    for status, length in outcome.found:
        if status == progress.LINE:
            redis_inline(data[pos : pos + length])
        pos += length


def redis_inline(line: bytes) -> None:
    """Read what is typed by hand; it must become one whole, canonical request."""
    try:
        request = as_request(line)
    except ProtocolError:
        return
    found = feed(RequestScanner, request).found
    words = split_words(line)
    wanted = ((progress.WHOLE, len(request)),) if words else ()
    require(found == wanted, "a line became something else", line, request)
    for row in COMMANDS:
        arity = row.arity
        if words and (len(words) == arity if arity >= 0 else len(words) >= -arity):
            keys = positions(row, words)
            inside = all(0 < key < len(words) for key in keys)
            require(inside, "a key that is no argument", row.name, words)


def redis_response(data: bytes) -> None:
    """Read responses, and ask of each whether it is what a fragment wanted."""

    def newer(make: Callable[[], Any]) -> Callable[[], Any]:
        def ready() -> Any:
            scanner = make()
            scanner.resp3 = True
            return scanner

        return ready

    check_scanner(newer(ResponseScanner), newer(PlainResponse), data)
    outcome = check_scanner(ResponseScanner, PlainResponse, data)
    pos = 0
    for _, length in outcome.found:
        buf = bytearray(data[pos : pos + length])
        is_trouble(buf, 0, length)
        scanner = ResponseScanner()
        scanner.advance(buf, 0, length)
        for kind in (expect.VALUES, expect.COUNT, expect.STATUS):
            fits(kind, 2, scanner, buf, 0)
        pos += length


def memcache_request(data: bytes) -> None:
    """Read requests of memcached clients, whole and in pieces.

    Data of a request that is refused are skipped as they come, piece by piece.
    """
    whole = feed(MemcacheRequest, data)
    clean = not whole.error or whole.error.startswith("ProtocolError: ")
    require(clean, "an error of another kind", whole.error)
    second = feed(PlainMemcacheRequest, data)
    require(whole == second, "both runs differ", whole)
    cut = feed(MemcacheRequest, data, cuts_of(data))
    same = (without_pieces(cut), cut.error) == (without_pieces(whole), whole.error)
    require(same, "cutting matters", whole, cut)


def without_pieces(outcome: Outcome) -> list[tuple[int, int]]:
    """Return what was found, where each is followed by all that was skipped."""
    found: list[tuple[int, int]] = []
    for status, length in outcome.found:
        goes_on = status == progress.NOTHING and found and found[-1][0] == status
        before = found.pop()[1] if goes_on else 0
        found.append((status, before + length))
    return found


def memcache_response(data: bytes) -> None:
    """Read responses of memcached servers to each kind of request."""
    for expects in MEMCACHE_KINDS:

        def ready(make: Callable[[], Any], expects: int = expects) -> Callable[[], Any]:
            def scanner() -> Any:
                made = make()
                made.expects = expects
                return made

            return scanner

        check_scanner(ready(MemcacheResponse), ready(PlainMemcacheResponse), data)


def configuration(data: bytes) -> None:
    """Read a configuration file: pools, or a list of problems."""
    try:
        parse(data, "fuzz.yml", lambda host, port: "127.0.0.1")
    except ConfigFileError as error:
        require(error.problems, "refused without a reason", data)


def control(data: bytes) -> None:
    """Read a pool as it travels to a worker: a pool, or TypeError or ValueError."""
    try:
        fields = json.loads(data)
        if isinstance(fields, list):
            pool_from_plain(fields)
    except (TypeError, ValueError, RecursionError):
        return


def channel(data: bytes) -> None:
    """Read what a worker tells the supervisor: messages, or the end of the line."""
    for line in data.split(b"\n"):
        message = read_message(line)
        require(message is None or isinstance(message, dict), "no message", line)


def http_head(data: bytes) -> None:
    """Read the head of a question to the metrics port, or raise ProtocolError."""
    try:
        _, path, headers = parse_head(data)
    except ProtocolError:
        return
    names = [name for name in headers if name != name.lower() or "\r\n" in name]
    require(not names and "?" not in path, "badly split", path, headers)


TARGETS: Final[dict[str, Target]] = {
    "redis_request": redis_request,
    "redis_response": redis_response,
    "redis_inline": redis_inline,
    "memcache_request": memcache_request,
    "memcache_response": memcache_response,
    "configuration": configuration,
    "control": control,
    "channel": channel,
    "http_head": http_head,
    "redis_split": redis_split,
    "memcache_split": memcache_split,
}
# What of a target is to be fast also when its input is long.
SCANNERS: Final[dict[str, Target]] = {
    "redis_request": partial(check_scanner, RequestScanner, PlainRequest),
    "redis_response": partial(check_scanner, ResponseScanner, PlainResponse),
    "memcache_request": memcache_request,
}
