"""Redis sessions that go otherwise with us. See `reasons` for the why.

Where Redis 7.0 has words for the case, they are its words.
"""

from typing import Final

from tests.parity.reasons import Changes, Reason, Row, any_of, like, row
from tests.parity.recording import Session
from tests.parity.replay import Reply

REFUSED: Final = Reply(b"-ERR Connection refused\r\n")
HOST_DOWN: Final = Reply(b"-ERR Host is down\r\n")
INVALID: Final = Reply(b"-ERR Invalid argument\r\n")
ERROR: Final = like(rb"-[A-Z]+ [^\r\n]+\r\n")
PROTOCOL_ERROR: Final = like(rb"-ERR Protocol error: [^\r\n]+\r\n", closed=True)
SILENCE: Final = Reply(b"")
GOODBYE: Final = b"+OK\r\n"
# One reply of whatever type, or an error; the connection goes on.
ANY_REPLY: Final = like(rb"[-+:$*%,#(_=~>][^\r\n]*\r\n.*")
CROSSSLOT: Final = Reply(
    b"-CROSSSLOT Keys in request don't hash to the same server\r\n"
)


def unknown(name: str, *arguments: str) -> bytes:
    """Word an unknown command as Redis does, with the beginning of its arguments."""
    quoted = "".join(f"'{argument}' " for argument in arguments)
    return (
        f"-ERR unknown command '{name}', with args beginning with: {quoted}\r\n"
    ).encode()


def arity(name: str) -> bytes:
    """Word a wrong number of arguments as Redis does."""
    return f"-ERR wrong number of arguments for '{name.lower()}' command\r\n".encode()


def protocol_error(detail: str) -> Reply:
    """Word a protocol error as Redis does, and close."""
    return Reply(f"-ERR Protocol error: {detail}\r\n".encode(), closed=True)


def arity_of_session(session: Session) -> Changes:
    """`arity closes: NAME arguments`: the error names the command."""
    return {0: Reply(arity(session.name.split()[2]))}


def summed_exists(session: Session) -> Changes:
    """All 18 keys exist, whichever comes first."""
    return {i: Reply(b":18\r\n") for i in range(1, len(session.steps))}


def zunion_found(session: Session) -> Changes:
    """ZUNION reads each key where it lives; STORE across servers is refused."""
    found = {i: Reply(b"*1\r\n$2\r\nm%d\r\n" % (i - 8)) for i in range(8, 16)}
    return found | dict.fromkeys(range(16, len(session.steps)), CROSSSLOT)


FOO: Final = Reply(unknown("FOO"))
LATER_OR_UNKNOWN: Final = (
    "arity closes: EXPIRE k 10 NX",
    "arity closes: EXPIRE k 1 2",
    "arity closes: COMMAND COUNT",
    "protocol: resp3 hello",
    "unsupported: *",
    "eval zero keys closes",
)
BLOCKING: Final = ("unsupported: BLPOP*", "unsupported: BRPOP*")
UNSAFE: Final = (
    "unsupported: SHUTDOWN",
    "unsupported: DEBUG*",
    "unsupported: MIGRATE",
    "unsupported: MONITOR",
)

SAYS_WHY: Final = [
    Row(Reason.SAYS_WHY, ("arity closes: *",), arity_of_session),
    Row(Reason.SAYS_WHY, LATER_OR_UNKNOWN, lambda _: {0: ANY_REPLY}),
    Row(Reason.SAYS_WHY, BLOCKING, lambda _: {0: like(rb"([-*$][^\r\n]*\r\n.*)?")}),
    Row(Reason.SAYS_WHY, UNSAFE, lambda _: {0: ERROR}),
    row(Reason.SAYS_WHY, "unsupported: FOO bar", {0: Reply(unknown("FOO", "bar"))}),
    row(Reason.SAYS_WHY, "arity closes: EVAL x 1", {0: ERROR}),
    row(Reason.SAYS_WHY, "eval numkeys not a number closes", {0: ERROR}),
    row(Reason.SAYS_WHY, "eval negative numkeys closes", {0: ERROR}),
    row(Reason.SAYS_WHY, "eval without key closes", {0: ERROR}),
    row(Reason.SAYS_WHY, "auth no args closes", {0: Reply(arity("auth"))}),
    row(
        Reason.SAYS_WHY,
        "redis_auth: unsupported command unauthenticated",
        {0: like(rb"-NOAUTH [^\r\n]+\r\n|" + rb"-ERR unknown command [^\r\n]+\r\n")},
    ),
    row(
        Reason.SAYS_WHY,
        "error after good requests in one write*",
        {0: Reply(b"+PONG\r\n+OK\r\n" + unknown("FOO"))},
    ),
    row(Reason.SAYS_WHY, "error in a later write*", {1: FOO}),
    row(
        Reason.SAYS_WHY,
        "command executed although connection died",
        {0: Reply(b"+OK\r\n" + unknown("FOO"))},
    ),
    row(Reason.SAYS_WHY, "two clients interleaved", {4: FOO}),
]

NOT_THE_PROTOCOL: Final = [
    row(Reason.INLINE, "protocol: inline", {0: Reply(b"+PONG\r\n")}),
    row(Reason.INLINE, "protocol: inline get", {0: Reply(b"$-1\r\n")}),
    row(Reason.INLINE, "protocol: empty line", {0: SILENCE}),
    row(Reason.INLINE, "protocol: zero array", {0: SILENCE}),
    row(Reason.INLINE, "protocol: negative array", {0: SILENCE}),
    row(Reason.INLINE, "protocol: simple string*", {0: Reply(unknown("+PING"))}),
    row(Reason.INLINE, "protocol: http", {0: like(rb"(-[^\r\n]+\r\n)*", closed=None)}),
    row(
        Reason.PROTOCOL_ERROR,
        "protocol: array not number",
        {0: protocol_error("invalid multibulk length")},
    ),
    row(
        Reason.PROTOCOL_ERROR,
        "protocol: space in count",
        {0: protocol_error("invalid multibulk length")},
    ),
    # Redis waits for the CR that never comes; to say so at once is as good.
    row(
        Reason.PROTOCOL_ERROR,
        "protocol: lf only",
        {0: like(rb"(-ERR Protocol error: [^\r\n]+\r\n)?", closed=None)},
    ),
    row(
        Reason.PROTOCOL_ERROR,
        "protocol: missing dollar",
        {0: protocol_error("expected '$', got '4'")},
    ),
    row(
        Reason.PROTOCOL_ERROR,
        "protocol: nested array request",
        {0: protocol_error("expected '$', got '*'")},
    ),
    row(
        Reason.PROTOCOL_ERROR,
        "protocol: negative bulk",
        {0: protocol_error("invalid bulk length")},
    ),
    row(
        Reason.PROTOCOL_ERROR,
        "protocol: missing bulk len",
        {0: protocol_error("invalid bulk length")},
    ),
    row(Reason.SAYS_WHY, "protocol: empty command name", {0: Reply(unknown(""))}),
    # Redis does not look at the two bytes behind an argument; we do.
    Row(
        Reason.PROTOCOL_ERROR,
        (
            "protocol: length too short",
            "protocol: length too long",
            "protocol: trailing garbage after lf",
            "protocol: arg bad terminator",
            "protocol: key bad terminator",
        ),
        lambda _: {0: PROTOCOL_ERROR},
    ),
]

LOCAL: Final = [
    row(Reason.LOCAL_AS_IN_REDIS, "ping with argument*", {0: Reply(b"$2\r\nhi\r\n")}),
    Row(
        Reason.LOCAL_AS_IN_REDIS,
        ("quit", "quit lower", "redis_auth: quit unauthenticated"),
        lambda _: {0: Reply(GOODBYE, closed=True)},
    ),
    row(
        Reason.LOCAL_AS_IN_REDIS,
        "quit with argument closes",
        {0: any_of(GOODBYE, arity("quit"), closed=None)},
    ),
    row(
        Reason.LOCAL_AS_IN_REDIS,
        "ping quit ping pipelined",
        {0: Reply(b"+PONG\r\n" + GOODBYE, closed=True)},
    ),
    row(
        Reason.LOCAL_AS_IN_REDIS,
        "set get quit pipelined",
        {0: Reply(b"+OK\r\n$1\r\nv\r\n" + GOODBYE, closed=True)},
    ),
    row(
        Reason.LOCAL_AS_IN_REDIS,
        "quit then garbage pipelined",
        {0: Reply(b"$-1\r\n" + GOODBYE, closed=True)},
    ),
    row(
        Reason.LOCAL_AS_IN_REDIS,
        "unix listen socket",
        {3: Reply(GOODBYE, closed=True)},
    ),
    row(
        Reason.LOCAL_AS_IN_REDIS,
        "auth two args closes",
        {0: like(rb"-(WRONGPASS|ERR) [^\r\n]+\r\n")},
    ),
]

SPLIT: Final = [
    row(
        Reason.SPLIT_ERROR,
        "backend wants password*",
        {2: Reply(b"-NOAUTH Authentication required.\r\n")},
    ),
    row(
        Reason.SPLIT_ERROR,
        "server down",
        {2: REFUSED, 3: REFUSED, 4: REFUSED, 5: Reply(b"+PONG\r\n")},
    ),
    row(
        Reason.SPLIT_ERROR,
        "one of two servers down",
        {6: REFUSED, 7: REFUSED, 8: REFUSED},
    ),
    row(Reason.SPLIT_ERROR, "one of two down, fragments", {6: REFUSED}),
    row(Reason.NO_SUCH_HOST, "dns failure", {1: HOST_DOWN, 2: Reply(b"+PONG\r\n")}),
    row(Reason.SPLIT_ERROR, "fragment: mget gets error", {0: Reply(b"-ERR no\r\n")}),
    row(Reason.SPLIT_ERROR, "fragment: del gets error", {0: Reply(b"-ERR no\r\n")}),
    row(
        Reason.SPLIT_ERROR, "fragment: mset gets error", {0: Reply(b"-READONLY x\r\n")}
    ),
    row(Reason.SPLIT_ERROR, "fragment: del gets LOAD*", {0: Reply(b"-LOADING x\r\n")}),
    row(Reason.NO_DESYNC, "fragment: mget gets integer", {0: INVALID}),
    row(Reason.NO_DESYNC, "fragment: mget gets short array", {0: INVALID}),
]

SERVERS: Final = [
    # The fake server has no second answer on that connection, which stays.
    row(
        Reason.PASSING_TROUBLE,
        "response turned into error: -OOM",
        {0: Reply(b"-OOM command not allowed\r\n"), 1: SILENCE},
    ),
    row(
        Reason.PASSING_TROUBLE,
        "response turned into error: -BUSY",
        {0: Reply(b"-BUSY script\r\n"), 1: SILENCE},
    ),
    row(
        Reason.PASSING_TROUBLE,
        "response turned into error: -LOADING",
        {0: Reply(b"-LOADING dataset\r\n"), 1: SILENCE},
    ),
    row(
        Reason.PASSING_TROUBLE,
        "OOM fails everything in flight*",
        {0: Reply(b"+1\r\n-OOM x\r\n+3\r\n"), 1: SILENCE},
    ),
    row(Reason.PASSING_TROUBLE, "ejected by OOM*", {0: Reply(b"-OOM x\r\n")}),
    Row(
        Reason.KEY_LIMIT,
        ("key 16336 closes", "key 16337 closes", "mbuf 512: key 464 closes"),
        lambda _: {0: Reply(b"$-1\r\n")},
    ),
    row(
        Reason.RIGHT_DATABASE,
        "redis_db with redis_auth selects nothing",
        {2: Reply(b"$1\r\nv\r\n"), 3: Reply(b"$-1\r\n")},
    ),
    row(Reason.RIGHT_DATABASE, "redis_db out of range", {0: ERROR, 1: ERROR}),
]

SEVERAL_KEYS: Final = [
    Row(Reason.ALL_KEYS, ("spread exists only counts*",), summed_exists),
    Row(Reason.ALL_KEYS, ("spread zunion routed by*",), zunion_found),
    row(
        Reason.STRICT_KEYS,
        "spread multi-key commands routed by first key",
        dict.fromkeys((6, 7, 8, 9, 11, 13), CROSSSLOT),
    ),
    row(
        Reason.STRICT_KEYS,
        "spread eval routed by first key only",
        dict.fromkeys((6, 7, 8, 9), CROSSSLOT),
    ),
]

ROWS: Final = [
    *SAYS_WHY,
    *NOT_THE_PROTOCOL,
    *LOCAL,
    *SPLIT,
    *SERVERS,
    *SEVERAL_KEYS,
]
