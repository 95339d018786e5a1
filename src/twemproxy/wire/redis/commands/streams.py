"""Rows of commands on streams, arrays and vector sets."""

from typing import Final

from twemproxy.wire.redis.commands.row import (
    Command,
    anywhere,
    container,
    one,
    same,
)
from twemproxy.wire.rule import (
    AFTER_STREAMS,
    BLOCK_OPTION,
    BLOCKING,
    READ,
    WRITE,
)

STREAMS: Final[tuple[Command, ...]] = (
    one(b"xack", -4, WRITE),
    one(b"xackdel", -6, WRITE),
    one(b"xadd", -5, WRITE),
    one(b"xautoclaim", -6, WRITE),
    one(b"xcfgset", -2, WRITE),
    one(b"xclaim", -6, WRITE),
    one(b"xdel", -3, WRITE),
    one(b"xdelex", -5, WRITE),
    container(b"xgroup"),
    one(b"xgroup|create", -5, WRITE, 2),
    one(b"xgroup|createconsumer", 5, WRITE, 2),
    one(b"xgroup|delconsumer", 5, WRITE, 2),
    one(b"xgroup|destroy", 4, WRITE, 2),
    anywhere(b"xgroup|help", 2),
    one(b"xgroup|setid", -5, WRITE, 2),
    container(b"xinfo"),
    one(b"xinfo|consumers", 4, READ, 2),
    one(b"xinfo|groups", 3, READ, 2),
    anywhere(b"xinfo|help", 2),
    one(b"xinfo|stream", -3, READ, 2),
    one(b"xlen", 2, READ),
    one(b"xnack", -4, WRITE),
    one(b"xpending", -3, READ),
    one(b"xrange", -4, READ),
    same(b"xread", -4, READ | BLOCKING | BLOCK_OPTION, (0, 0, 0), AFTER_STREAMS),
    same(b"xreadgroup", -7, WRITE | BLOCKING | BLOCK_OPTION, (0, 0, 0), AFTER_STREAMS),
    one(b"xrevrange", -4, READ),
    one(b"xsetid", -3, WRITE),
    one(b"xtrim", -4, WRITE),
)

ARRAYS: Final[tuple[Command, ...]] = (
    one(b"arcount", 2, READ),
    one(b"ardel", -3, WRITE),
    one(b"ardelrange", -4, WRITE),
    one(b"arget", 3, READ),
    one(b"argetrange", 4, READ),
    one(b"argrep", -3, READ),
    one(b"arinfo", -2, READ),
    one(b"arinsert", -3, WRITE),
    one(b"arlastitems", -3, READ),
    one(b"arlen", 2, READ),
    one(b"armget", -3, READ),
    one(b"armset", -4, WRITE),
    one(b"arnext", 2, READ),
    one(b"arop", -4, READ),
    one(b"arring", -4, WRITE),
    one(b"arscan", -4, READ),
    one(b"arseek", 3, WRITE),
    one(b"arset", -4, WRITE),
)

VECTOR_SETS: Final[tuple[Command, ...]] = (
    one(b"vadd", -5, WRITE),
    one(b"vcard", 2, READ),
    one(b"vdim", 2, READ),
    one(b"vemb", -3, READ),
    one(b"vgetattr", 3, READ),
    one(b"vinfo", 2, READ),
    one(b"vismember", 3, READ),
    one(b"vlinks", -3, READ),
    one(b"vrandmember", -2, READ),
    one(b"vrange", -4, READ),
    one(b"vrem", 3, WRITE),
    one(b"vsetattr", 4, WRITE),
    one(b"vsim", -4, READ),
)
