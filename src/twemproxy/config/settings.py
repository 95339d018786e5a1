"""One row per key of a pool; the parser, the schema and the manual derive from it.

To add a key: a row here and a field of the same name in ``model.PoolConfig``.
"""

import enum
from typing import Final, NamedTuple

from twemproxy import limits

# The C program keeps numbers in a signed 32-bit integer; larger ones are refused.
MAX_NUMBER: Final = 2**31 - 1

HASHES: Final = (
    "one_at_a_time",
    "md5",
    "crc16",
    "crc32",
    "crc32a",
    "fnv1_64",
    "fnv1a_64",
    "fnv1_32",
    "fnv1a_32",
    "hsieh",
    "murmur",
    "jenkins",
)
DISTRIBUTIONS: Final = ("ketama", "modula", "random")
KINDS_OF_COMMANDS: Final = (
    "@admin",
    "@blocking",
    "@dangerous",
    "@pubsub",
    "@read",
    "@scripting",
    "@write",
)


class Kind(enum.Enum):
    """How the text of a value is read."""

    LISTEN = "address"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "name"
    PAIR = "two bytes"
    TEXT = "text"
    SERVERS = "list of servers"
    WORDS = "words, or a list"
    COMMANDS = "list of commands"


class Setting(NamedTuple):
    """A key that a pool may have."""

    key: str
    kind: Kind
    field: str  # of `PoolConfig`
    meaning: str
    default: str | int | bool | bytes | tuple[str, ...] | None = (
        None  # None: nothing is set
    )
    default_note: str = ""  # what the manual says in place of the default
    minimum: int = 0
    maximum: int = MAX_NUMBER
    choices: tuple[str, ...] = ()
    suffix: str = ""  # how the C program ends ``conf: directive "K" …``
    required: bool = False
    secret: bool = False  # the value is never shown
    ours: bool = False  # the C program does not know this key


def number(  # noqa: PLR0913 - a row of a table, all but three by name
    key: str,
    default: int,
    meaning: str,
    *,
    field: str = "",
    minimum: int = 0,
    maximum: int = MAX_NUMBER,
    default_note: str = "",
    ours: bool = False,
) -> Setting:
    """Describe a key whose value is digits."""
    return Setting(
        key,
        Kind.NUMBER,
        field or key,
        meaning,
        default,
        default_note,
        minimum,
        maximum,
        suffix="is not a number",
        ours=ours,
    )


def boolean(
    key: str, meaning: str, *, default: bool = False, ours: bool = False
) -> Setting:
    """Describe a key whose value is ``true`` or ``false``."""
    suffix = 'is not "true" or "false"'
    return Setting(key, Kind.BOOLEAN, key, meaning, default, suffix=suffix, ours=ours)


def choice(
    key: str,
    default: str,
    choices: tuple[str, ...],
    meaning: str,
    *,
    ours: bool = False,
) -> Setting:
    """Describe a key whose value is one of a few names."""
    return Setting(
        key,
        Kind.CHOICE,
        key,
        meaning,
        default,
        choices=choices,
        suffix=f"is not a valid {key}",
        ours=ours,
    )


SETTINGS: Final = (
    Setting(
        "listen",
        Kind.LISTEN,
        "listen",
        "Where clients connect: `host:port`, or the path of a UNIX socket with "
        "an optional octal permission, as in `/run/cache.sock 0660`.",
        required=True,
    ),
    choice("hash", "fnv1a_64", HASHES, "The function that hashes a key."),
    Setting(
        "hash_tag",
        Kind.PAIR,
        "hash_tag",
        "An opening and a closing byte; only what stands between them is hashed, "
        'so that related keys share a server. Quote it: `"{}"`.',
        b"",
        "none",
        suffix="is not a valid hash tag string with two characters",
    ),
    choice("distribution", "ketama", DISTRIBUTIONS, "How hash values map to servers."),
    number(
        "timeout",
        0,
        "How long, in milliseconds, a request may wait for its server, connecting "
        "included. At its end the server connection is closed and everything "
        "waiting on it fails. 0 waits for ever.",
        field="timeout_ms",
        default_note="0 (none)",
    ),
    number("backlog", 512, "The backlog of listen(2)."),
    number(
        "client_connections",
        0,
        "The most clients this pool serves at a time; 0 leaves only the limit of "
        "the process. The C program accepts this key and ignores it.",
        default_note="0 (no limit of its own)",
    ),
    boolean("redis", "Speak the Redis protocol; otherwise memcached's."),
    Setting(
        "redis_auth",
        Kind.TEXT,
        "redis_auth",
        "The password that clients must give, and that is given to the servers. "
        "Only with `redis: true`.",
        b"",
        "none",
        secret=True,
    ),
    Setting(
        "redis_auth_file",
        Kind.TEXT,
        "redis_auth_file",
        "A file whose first line is the password, instead of `redis_auth`. It is read "
        "with the configuration.",
        b"",
        "none",
        ours=True,
    ),
    Setting(
        "redis_auth_env",
        Kind.TEXT,
        "redis_auth_env",
        "An environment variable that holds the password, instead of `redis_auth`.",
        b"",
        "none",
        ours=True,
    ),
    number(
        "redis_db", 0, "The database selected on each server connection; 0 is not sent."
    ),
    boolean("preconnect", "Connect to every server at the start."),
    boolean(
        "auto_eject_hosts",
        "Take a server out after `server_failure_limit` failures in a row, for "
        "`server_retry_timeout`. For caches, not for data stores.",
    ),
    number(
        "server_connections",
        1,
        "The most connections of a worker to each server. With more than one, a "
        "client's read may overtake its own write that gets no reply (`noreply`).",
        minimum=1,
    ),
    number(
        "server_retry_timeout",
        30000,
        "How long, in milliseconds, an ejected server stays out.",
        field="server_retry_timeout_ms",
    ),
    number(
        "server_failure_limit",
        2,
        "The failures in a row that eject a server; 0 is the same as 1.",
    ),
    boolean("tcpkeepalive", "Set SO_KEEPALIVE on client connections."),
    boolean("reuseport", "Set SO_REUSEPORT on the listening socket."),
    boolean(
        "strict_keys",
        "Refuse, with `CROSSSLOT`, a Redis command whose keys live on different "
        "servers and which cannot be split. `false` sends it where its first key "
        "lives, as the C program does.",
        default=True,
        ours=True,
    ),
    boolean(
        "join_gets",
        "Let memcached's `get` share a line with others to the same server while many "
        "clients wait. `false` gives each a line of its own, for servers that know "
        "only lines of one key.",
        default=True,
        ours=True,
    ),
    number(
        "slowlog_us",
        0,
        "Keep requests that take longer than this many microseconds in the slow log. "
        "0 keeps none.",
        default_note="0 (none)",
        ours=True,
    ),
    choice(
        "slowlog_keys",
        "plain",
        ("plain", "hashed"),
        "How the slow log shows keys: cut and escaped, or only a digest of them.",
        ours=True,
    ),
    number(
        "max_request_bytes",
        limits.MAX_REQUEST_BYTES,
        "The longest request; a client that sends a longer one is closed. "
        "With memcached the longest value; a longer one is refused.",
        minimum=512,
        ours=True,
    ),
    number(
        "max_request_keys",
        limits.MAX_REQUEST_KEYS,
        "The most keys of one request; one with more is answered with an error.",
        minimum=1,
        ours=True,
    ),
    number(
        "max_in_flight",
        limits.MAX_WINDOW,
        "The most requests of one client that wait for a reply; the next is not read "
        "before.",
        minimum=1,
        ours=True,
    ),
    number(
        "max_client_output_bytes",
        limits.MAX_CLIENT_OUTPUT_BYTES,
        "About how many bytes of replies are kept for a client that does not read "
        "them before it is no longer read.",
        minimum=65536,
        ours=True,
    ),
    number(
        "max_process_bytes",
        limits.MAX_PROCESS_BYTES,
        "The bytes that the buffers of a worker hold together; near it the largest "
        "connections are not read. The smallest of all pools counts.",
        minimum=1048576,
        ours=True,
    ),
    number(
        "client_idle_timeout",
        limits.IDLE_TIMEOUT_MS,
        "Close a client that has nothing under way and sends nothing, or does not "
        "read its replies, for so many milliseconds.",
        field="client_idle_timeout_ms",
        default_note="0 (never)",
        ours=True,
    ),
    number(
        "client_request_timeout",
        limits.REQUEST_TIMEOUT_MS,
        "Close a client that begins a request and does not finish it in so many "
        "milliseconds; every 64 KiB of it earn the same time again. 0 waits for ever.",
        field="client_request_timeout_ms",
        ours=True,
    ),
    number(
        "client_auth_timeout",
        limits.AUTH_TIMEOUT_MS,
        "Close a client that has not said the password after so many milliseconds, "
        "where one is asked for. 0 waits for ever.",
        field="client_auth_timeout_ms",
        ours=True,
    ),
    number(
        "client_accept_rate",
        limits.ACCEPT_RATE,
        "The most clients that a worker accepts in a second; more wait in the "
        "backlog. 0 accepts all.",
        default_note="0 (no limit)",
        ours=True,
    ),
    Setting(
        "deny_commands",
        Kind.WORDS,
        "deny_commands",
        "Redis commands that are refused: names, `config|get` for subcommands, `ft.` "
        "for all names that begin so, and `@dangerous`, `@write`, `@read`, "
        "`@scripting`, `@admin`, `@pubsub`, `@blocking` for kinds of commands. "
        "Another kind is a mistake; a name that the proxy does not know is only "
        "warned of in the log. Scripts and functions call what the server lets them, "
        "`migrate` too: where that matters, deny `@scripting`.",
        ("migrate",),
        "`migrate`",
        choices=KINDS_OF_COMMANDS,
        suffix="is not a list of commands",
        ours=True,
    ),
    Setting(
        "commands",
        Kind.COMMANDS,
        "commands",
        "Redis commands that the proxy does not know, or knows otherwise, one line "
        "each: see [commands](#commands).",
        (),
        "none",
        suffix="is not a list of commands",
        ours=True,
    ),
    Setting(
        "servers",
        Kind.SERVERS,
        "servers",
        "The servers, each `host:port:weight`, `host:port:weight name`, "
        "`/path:weight` or `/path:weight name`.",
        required=True,
    ),
)

LISTED: Final = (Kind.WORDS, Kind.COMMANDS)  # ours; the C program has one list

BY_KEY: Final = {setting.key: setting for setting in SETTINGS}
