"""Where we answer otherwise than the C program did, and why.

`redis_deviations` and `memcache_deviations` hold the rows: which sessions, which
steps, for what reason; every other step is as recorded. A pattern stands where
several answers are right: a command that some day will be supported, bytes that
another reader may call unfinished. `docs/compatibility.md` tells operators.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Final

from tests.parity import memcache_deviations, redis_deviations
from tests.parity.recording import Raw, Session
from tests.parity.replay import Replies, Reply, as_recorded
from tests.support.proxy import foreign

LEFT: Final = {
    b"-ERR unknown\r\n": b"-ERR Connection reset by peer\r\n",
    b"SERVER_ERROR unknown\r\n": b"SERVER_ERROR Connection reset by peer\r\n",
}


def server_left(reply: Reply) -> Reply:
    """Word an orderly close by a server as we do (`Reason.PEER_RESET`)."""
    text = reply.text
    if isinstance(text, bytes):
        for theirs, ours in LEFT.items():
            text = text.replace(theirs, ours)
    return replace(reply, text=text)


def replies(session: Session) -> Replies:
    """What each step of the session should receive from the program under test."""
    recorded = as_recorded(session)
    if foreign():
        return recorded
    redis = "redis: true" in session.setting.yml
    rows = redis_deviations.ROWS if redis else memcache_deviations.ROWS
    changed: dict[int, Reply] = {}
    for row in rows:
        if row.covers(session):
            changed |= row.changes(session)
    return [
        changed.get(i) or server_left(reply) if reply else None
        for i, reply in enumerate(recorded)
    ]


# Counters that differ, by session; None where both ways of counting are right.
# The client stays connected where the C program hung up.
STAYS: Final[Raw] = {
    "top": {"curr_connections": +1},
    "p": {"client_err": -1, "client_connections": +1, "forward_error": None},
}
# KEYS, which the C program does not know, is asked of every server.
ASKED: Final[Raw] = {
    "server_connections": +1,
    "requests": +1,
    "request_bytes": len("*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n"),
    "responses": +1,
    "response_bytes": len("*0\r\n"),
}
COUNTERS: Final[Mapping[str, Raw]] = {
    "unsupported": {
        "top": {"total_connections": +3, "curr_connections": +4},
        "p": {"client_err": -1, "client_connections": +1},
        **{f"server{i}": ASKED for i in (1, 2, 3)},
    },
    "protocol error": STAYS,
    "move": STAYS,
    "memcache bad": STAYS,
    "refused mget": STAYS,
    "memcache multiget timeout": STAYS,
    "server oom": {
        "top": {"curr_connections": +1},
        "p": {"forward_error": None},
        "server1": {
            "server_connections": +1,
            "responses": +1,
            "response_bytes": len("-OOM x\r\n"),
        },
    },
    # The server's own error line is no error of ours any more.
    "fragment error reply": {"p": {"forward_error": None}},
    # The C program forgets to count connections to UNIX sockets.
    "unix socket server": {"us": {"server_connections": +1}},
    "unix socket server then close": {"us": {"server_connections": +1}},
}


def counters(session: Session) -> Mapping[str, Raw]:
    """What the stats document should show after the session."""
    expected = deepcopy(session.counters)
    if foreign():
        return expected
    pool = expected["pools"]["p"]
    del pool["fragments"]  # the C program never counts them
    places = {"top": expected["top"], "p": pool, **pool}
    for place, changes in COUNTERS.get(session.name, {}).items():
        for name, change in changes.items():
            if change is None:
                del places[place][name]
            else:
                places[place][name] += change
    return expected
