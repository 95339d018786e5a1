"""Memcache sessions that go otherwise with us. See `reasons` for the why.

The words are those of memcached 1.6. Where it reads the data block of a refused
line as further lines, to swallow the block is as good, hence the optional ERROR.
"""

import re
from typing import Final

from tests.parity.reasons import Changes, Reason, Row, like, row
from tests.parity.recording import Session
from tests.parity.replay import Reply

ERROR: Final = Reply(b"ERROR\r\n")
BAD_LINE: Final = b"CLIENT_ERROR bad command line format"
REFUSED: Final = Reply(b"SERVER_ERROR Connection refused\r\n")
LEFT: Final = Reply(b"SERVER_ERROR Connection reset by peer\r\n")
END: Final = Reply(b"END\r\n")
# Any number of lines that begin with a capital letter; the connection goes on.
ANY_LINES: Final = like(rb"([A-Z][^\r\n]*\r\n)*")
ANY_ERROR: Final = rb"(CLIENT_ERROR [^\r\n]+|ERROR)\r\n"
UNFINISHED_OR_ERROR: Final = like(rb"(" + ANY_ERROR + rb")*", closed=None)
REFUSED_LINE_AND_BLOCK: Final = like(BAD_LINE + rb"[^\r\n]*\r\n(ERROR\r\n)?")
BAD_BLOCK: Final = like(rb"CLIENT_ERROR bad data chunk\r\n(ERROR\r\n)?")

NO_SUCH_COMMAND: Final = tuple(
    f"line: {line!r}"
    for line in (
        *("GET k", "Get k", "foo", "get", "get ", "gets", "set", "set k", "delete"),
        *("incr", "touch", "g k", "getx k", "", "  ", "\tget k"),
        *("version2", "quits"),
    )
)


def unknown_line(session: Session) -> Changes:
    """Tell lines that nobody will ever support from those that may come."""
    return {0: ERROR if session.name in NO_SUCH_COMMAND else ANY_LINES}


def in_key_order(session: Session) -> Changes:
    """Accept multi-get values in the order of their keys or as recorded."""
    changes: dict[int, Reply] = {}
    for i, step in enumerate(session.steps):
        if step.send and step.send.startswith((b"get ", b"gets ")) and step.expect:
            ordered = _sorted(step.send.split()[1:], step.expect)
            both = (re.escape(ordered), re.escape(step.expect))
            changes[i] = like(b"|".join(both))
    return changes


def _sorted(keys: list[bytes], reply: bytes) -> bytes:
    blocks = re.findall(rb"VALUE (\S+) .*?\r\n.*?\r\n", reply, re.DOTALL)
    texts = re.findall(rb"VALUE \S+ .*?\r\n.*?\r\n", reply, re.DOTALL)
    pairs = sorted(
        zip(blocks, texts, strict=True), key=lambda pair: keys.index(pair[0])
    )
    return b"".join(text for _, text in pairs) + b"END\r\n"


LINES: Final = [
    Row(Reason.OWN_WORDS, ("line: *",), unknown_line),
    row(
        Reason.OWN_WORDS,
        "incr bad number closes",
        {0: Reply(b"CLIENT_ERROR invalid numeric delta argument\r\n")},
    ),
    Row(
        Reason.OWN_WORDS,
        (
            "incr no number closes",
            "decr no number trailing space",
            "touch without expiry closes",
        ),
        lambda _: {0: ERROR},
    ),
    # Old clients send a time; memcached takes 0 and nothing else.
    row(
        Reason.OWN_WORDS,
        "delete with time closes",
        {0: like(rb"NOT_FOUND\r\n|" + BAD_LINE + rb"[^\r\n]*\r\n")},
    ),
    row(Reason.OWN_WORDS, "version with argument closes", {0: ANY_LINES}),
    row(
        Reason.OWN_WORDS,
        "quit argument closes",
        {0: like(rb"(" + ANY_ERROR + rb")?", closed=None)},
    ),
    Row(
        Reason.OWN_WORDS,
        ("noreply misspelled closes", "noreply twice closes"),
        lambda _: {0: like(rb"STORED\r\n|" + ANY_ERROR + rb"(ERROR\r\n)?")},
    ),
    Row(
        Reason.OWN_WORDS,
        ("key 251 get closes", "key 251 in multiget closes", "key 1000 closes"),
        lambda _: {0: Reply(BAD_LINE + b"\r\n")},
    ),
    row(Reason.OWN_WORDS, "key 251 set closes", {0: REFUSED_LINE_AND_BLOCK}),
    row(
        Reason.OWN_WORDS,
        "binary protocol byte closes",
        {0: like(rb"\x81.*only the text protocol is spoken here", closed=None)},
    ),
    row(Reason.OWN_WORDS, "redis ping*", {0: Reply(b"ERROR\r\n" * 3)}),
    row(Reason.OWN_WORDS, "http closes", {0: UNFINISHED_OR_ERROR}),
    row(
        Reason.SAYS_WHY,
        "error after good requests in one write*",
        {0: Reply(b"STORED\r\nVALUE k 0 1\r\nv\r\nEND\r\nERROR\r\n")},
    ),
    row(Reason.SAYS_WHY, "error in later write", {1: ERROR}),
    row(Reason.SAYS_WHY, "two clients", {2: ERROR}),
]


def syntax(line: str, reply: Reply) -> Row:
    """Change the one answer of the session that is named after its bytes."""
    return row(Reason.OWN_WORDS, f"syntax: {line!r}", {0: reply})


SYNTAX: Final = [
    syntax("set k 0 0\r\n", ERROR),
    syntax("set k 0 0 \r\n", ERROR),
    syntax("set k a 0 1\r\nv\r\n", REFUSED_LINE_AND_BLOCK),
    syntax("set k 0 a 1\r\nv\r\n", REFUSED_LINE_AND_BLOCK),
    syntax("set k 0 0 a\r\nv\r\n", REFUSED_LINE_AND_BLOCK),
    syntax("set k -1 0 1\r\nv\r\n", REFUSED_LINE_AND_BLOCK),
    syntax("set k 0 -1 1\r\nv\r\n", Reply(b"STORED\r\n")),
    syntax("set k 0 0 -1\r\nv\r\n", REFUSED_LINE_AND_BLOCK),
    syntax("set k 1.5 0 1\r\nv\r\n", REFUSED_LINE_AND_BLOCK),
    syntax("set k 0 0 2\r\nv\r\n", like(rb"(CLIENT_ERROR bad data chunk\r\n)?")),
    syntax("set k 0 0 1\r\nvv\r\n", BAD_BLOCK),
    syntax(
        "set k 0 0 1 noreply\r\nvv\r\n",
        like(rb"(CLIENT_ERROR bad data chunk\r\n)?(ERROR\r\n)?"),
    ),
    syntax(
        "set k 0 0 1 x\r\nv\r\n",
        like(rb"STORED\r\n|" + ANY_ERROR + rb"(ERROR\r\n)?"),
    ),
    syntax("set k 0 0 1\nv\n", UNFINISHED_OR_ERROR),
    syntax("get k\rx", UNFINISHED_OR_ERROR),
    syntax("cas k 0 0 1\r\nv\r\n", like(ANY_ERROR + rb"(ERROR\r\n)?")),
    syntax("cas k 0 0 1 x\r\nv\r\n", REFUSED_LINE_AND_BLOCK),
    syntax(
        "cas k 0 0 1 1 2\r\nv\r\n",
        like(rb"NOT_FOUND\r\n|" + ANY_ERROR + rb"(ERROR\r\n)?"),
    ),
    syntax("incr k 1 1\r\n", like(rb"NOT_FOUND\r\n|" + ANY_ERROR)),
    syntax("incr k 1.5\r\n", Reply(b"CLIENT_ERROR invalid numeric delta argument\r\n")),
    syntax("touch k abc\r\n", Reply(b"CLIENT_ERROR invalid exptime argument\r\n")),
    syntax("delete k x\r\n", like(BAD_LINE + rb"[^\r\n]*\r\n")),
    syntax("delete a b\r\n", like(BAD_LINE + rb"[^\r\n]*\r\n")),
]

SPLIT: Final = [
    row(Reason.SPLIT_ERROR, "server down", dict.fromkeys(range(1, 6), REFUSED)),
    row(Reason.SPLIT_ERROR, "one of two down", {6: REFUSED, 7: END}),
    row(Reason.SPLIT_ERROR, "one of two down, multiget", {0: REFUSED}),
    row(
        Reason.NO_SUCH_HOST,
        "dns failure",
        {1: Reply(b"SERVER_ERROR Host is down\r\n")},
    ),
    row(Reason.SPLIT_ERROR, "fragment: ERROR", {0: ERROR, 1: END}),
    row(
        Reason.SPLIT_ERROR,
        "fragment: SERVER_ERROR",
        {0: Reply(b"SERVER_ERROR oom\r\n"), 1: END},
    ),
    row(
        Reason.NO_DESYNC,
        "fragment: STORED",
        {0: Reply(b"SERVER_ERROR Invalid argument\r\n"), 1: like(rb"(STORED|END)\r\n")},
    ),
    row(
        Reason.NO_DESYNC,
        "fragment: extra value",
        {
            0: like(rb"(VALUE [abc] 0 1\r\n[xyz]\r\n)+END\r\n|SERVER_ERROR .*\r\n"),
            1: like(rb"(VALUE [abc] 0 1\r\n[xyz]\r\n)*END\r\n|SERVER_ERROR .*\r\n"),
        },
    ),
    row(Reason.SPLIT_ERROR, "multiget server closes", {0: LEFT, 1: END}),
    row(
        Reason.SPLIT_ERROR,
        "timeout multiget",
        {0: Reply(b"SERVER_ERROR Connection timed out\r\n")},
    ),
    Row(Reason.KEY_ORDER, ("spread multiget*",), in_key_order),
]

ROWS: Final = [*LINES, *SYNTAX, *SPLIT]
