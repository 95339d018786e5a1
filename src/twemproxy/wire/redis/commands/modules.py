"""Rows of module commands: a rule per prefix, and rows where the rule is wrong.

A name like `json.set` that has no row of its own gets the row of its prefix,
`json.`: the first argument is the key. An index of the query engine counts as a
key, so it lives where its name points and sees the keys of that server.
"""

from typing import Final

from twemproxy.wire import rule
from twemproxy.wire.redis.commands.row import (
    MANAGEMENT,
    SEARCH,
    Command,
    counted,
    fanout,
    one,
    refused,
    same,
)
from twemproxy.wire.rule import ADMIN, BLOCK_OPTION, BLOCKING, CONCAT, READ, WRITE


def prefix(name: bytes) -> Command:
    """Return the rule for all names that begin with `name`, dot included."""
    return one(name, -2, WRITE | rule.PREFIX)


JSON: Final[tuple[Command, ...]] = (
    prefix(b"json."),
    one(b"json.debug", -3, READ, 2),
    same(b"json.mget", -3, READ, (1, -2, 1)),
    same(b"json.mset", -4, WRITE, (1, -1, 3)),
)

SKETCHES: Final[tuple[Command, ...]] = (
    prefix(b"bf."),
    prefix(b"cf."),
    prefix(b"cms."),
    counted(b"cms.merge", -4, WRITE, 2, first=1),
    prefix(b"tdigest."),
    counted(b"tdigest.merge", -4, WRITE, 2, first=1),
    prefix(b"topk."),
)

TIME_SERIES: Final[tuple[Command, ...]] = (
    prefix(b"ts."),
    same(b"ts.createrule", -6, WRITE, (1, 2, 1)),
    same(b"ts.deleterule", 3, WRITE, (1, 2, 1)),
    same(b"ts.madd", -4, WRITE, (1, -1, 3)),
    refused(b"ts.mget", -2, SEARCH, READ),
    refused(b"ts.mrange", -2, SEARCH, READ),
    refused(b"ts.mrevrange", -2, SEARCH, READ),
    counted(b"ts.nrange", -3, READ, 1),
    counted(b"ts.nrevrange", -3, READ, 1),
    refused(b"ts.queryindex", -2, SEARCH, READ),
    refused(b"ts.querylabels", -2, SEARCH, READ),
    one(b"ts.read", -3, READ | BLOCKING | BLOCK_OPTION),
)

INDEXES: Final[tuple[Command, ...]] = (
    prefix(b"ft."),
    fanout(b"ft._list", 1, CONCAT, READ),
    same(b"ft.aliasadd", 3, WRITE, (1, 2, 1)),
    same(b"ft.aliasupdate", 3, WRITE, (1, 2, 1)),
    refused(b"ft.config", -2, MANAGEMENT, ADMIN),
    one(b"ft.cursor", -4, READ, 2),
)
