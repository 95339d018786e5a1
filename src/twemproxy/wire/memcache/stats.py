"""How the statistics of several memcached servers become those of one.

    STAT curr_items 3 END + STAT curr_items 4 END = STAT curr_items 7 END

Numbers are added up where they count something. Of the rest, such as a version,
the first server's is told, and of times and ages the largest. Lists of things that
each server has for itself are put one after the other. Cold: asked by people.
"""

import re
from decimal import Decimal
from typing import Final

from twemproxy.wire.memcache.answers import END

NUMBER: Final = re.compile(rb"\d{1,20}(\.\d{1,6})?")
COUNTED: Final = (b"", b"items", b"slabs")  # the statistics that are numbers
LARGEST: Final = re.compile(
    rb"uptime|time|pointer_size|threads|hash_power_level"
    rb"|accepting_conns|hash_is_expanding|slab_reassign_running|lru_crawler_running"
    rb"|items:\d+:(age\w*|evicted_time)|\d+:(chunk_size|chunks_per_page)"
)
FIRST: Final = (b"pid",)


def merged(topic: bytes, replies: list[bytes]) -> bytes:
    """Return one reply of several to ``stats <topic>``, none of them an error."""
    lines = [line for reply in replies for line in reply.splitlines(keepends=True)]
    told = [line for line in lines if line != END]
    if len(replies) == 1 or len(told) == len(lines):
        return replies[0]  # the only one, or each is a word such as OK
    if topic in COUNTED:
        told = added_up(told)
    return b"".join([*told, END])


def added_up(lines: list[bytes]) -> list[bytes]:
    """Return one line for each name that there is."""
    totals: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.rstrip().partition(b" ")[2].partition(b" ")
        totals[name] = total(name, totals[name], value) if name in totals else value
    return [b"STAT %b %b\r\n" % item for item in totals.items()]


def total(name: bytes, one: bytes, other: bytes) -> bytes:
    """Return what two servers together have under a name."""
    if name in FIRST or not (NUMBER.fullmatch(one) and NUMBER.fullmatch(other)):
        return one
    if LARGEST.fullmatch(name):
        return max(one, other, key=lambda value: Decimal(value.decode()))
    return str(Decimal(one.decode()) + Decimal(other.decode())).encode()
