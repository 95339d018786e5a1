"""How the statistics of several memcached servers become one answer.

    stats         STAT curr_items 3   +   STAT curr_items 4   =   STAT curr_items 7

    stats items   STAT items:1:age 3      STAT <server 1>:items:1:age 3
                  STAT items:1:age 4      STAT <server 2>:items:1:age 4

Without a word behind it, numbers are added up where they count something. Of the
rest, such as a version, the first server's is told, and of times and ages the
largest. Cold: asked by people.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from twemproxy.wire.memcache.answers import END

NUMBER: Final = re.compile(rb"\d{1,20}(\.\d{1,6})?")
LARGEST: Final = re.compile(
    rb"uptime|time|pointer_size|threads|hash_power_level"
    rb"|accepting_conns|hash_is_expanding|slab_reassign_running|lru_crawler_running"
)
# What a second word of `stats` may be. Others have answers without an end, are of
# memcached's own proxy, or unknown.
SUBJECTS: Final = frozenset(
    b"cachedump conns detail extstore items reset settings sizes slabs".split()
)
MILLION: Final = 1000000
NAMED: Final = (b"STAT", b"PREFIX")  # lines that begin with what is told of

Facts = dict[bytes, bytes]


def added_up(replies: Sequence[bytes]) -> Facts:
    """Return what all servers together have under each name; errors have nothing."""
    totals: Facts = {}
    for reply in replies:
        for line in reply.splitlines():
            word, _, rest = line.partition(b" ")
            name, _, value = rest.partition(b" ")
            if word == b"STAT":
                known = name in totals
                totals[name] = total(name, totals[name], value) if known else value
    return totals


def total(name: bytes, one: bytes, other: bytes) -> bytes:
    """Return what two servers together have under a name."""
    if not (NUMBER.fullmatch(one) and NUMBER.fullmatch(other)):
        return one
    if LARGEST.fullmatch(name):
        return max(one, other, key=millionths)
    whole, rest = divmod(millionths(one) + millionths(other), MILLION)
    return b"%d.%06d" % (whole, rest) if b"." in one + other else b"%d" % whole


def millionths(value: bytes) -> int:
    """Return a number that may have up to six decimals, times a million."""
    whole, _, rest = value.partition(b".")
    return int(whole) * MILLION + int(rest.ljust(6, b"0"))


def stat_lines(facts: Mapping[bytes, bytes]) -> bytes:
    """Return facts as an answer."""
    return b"".join([b"STAT %b %b\r\n" % fact for fact in facts.items()]) + END


def joined(names: Sequence[bytes], replies: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the lines of each server behind its name, then END.

    A word that stands alone, such as RESET, speaks for all; so does an error, unless
    others have lines to show: then it is one of them.
    """
    if not any(is_list(reply) for reply in replies):
        errors = [reply for reply in replies if is_error(reply)]
        yield errors[0] if errors else replies[0]
        return
    for name, reply in zip(names, replies, strict=True):
        if is_list(reply):
            yield named(name, reply)
        else:
            yield b"STAT %b:error %b" % (name, reply.removeprefix(b"SERVER_ERROR "))
    yield END


def is_list(reply: bytes) -> bool:
    """Tell whether an answer is lines and an END, or END alone."""
    return reply.endswith(END) and not is_error(reply)


def is_error(reply: bytes) -> bool:
    """Tell whether an answer is an error."""
    return reply.partition(b"\r\n")[0].partition(b" ")[0].endswith(b"ERROR")


def named(name: bytes, reply: bytes) -> bytes:
    """Put the name of a server into each line of its answer; leave END away."""
    lines = []
    for line in reply.removesuffix(END).splitlines(keepends=True):
        word, _, rest = line.partition(b" ")
        lines.append(b"%b %b:%b" % (word, name, rest) if word in NAMED else line)
    return b"".join(lines)
