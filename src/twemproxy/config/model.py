"""The meaning of a configuration file, frozen.

Plain named tuples: the worker gets them over its control socket, and importing
this module costs nothing. Defaults and ranges live in ``settings``; a value here
has passed every check.
"""

from typing import NamedTuple

from twemproxy import limits


class Listen(NamedTuple):
    """Where clients connect: TCP when `path` is empty, else a UNIX socket."""

    text: str  # as written, for messages and duplicate detection
    host: str
    port: int
    path: str
    mode: int  # permission bits of a UNIX socket, 0 leaves them as created


class ServerConfig(NamedTuple):
    """One backend; `label` places it on the ring and names it in the stats."""

    label: str
    host: str
    port: int
    path: str  # UNIX socket, empty for TCP
    weight: int
    name: str  # empty when the file gives none

    @property
    def address(self) -> str:
        """The ``host:port:weight`` or ``path:weight`` of log lines."""
        if self.path:
            return f"{self.path}:{self.weight}"
        return f"{self.host}:{self.port}:{self.weight}"


class CommandRule(NamedTuple):
    """What a pool says about one Redis command; the numbers are those of COMMAND."""

    name: str
    how: str  # key, keys, any or all
    arity: int
    first: int
    last: int
    step: int
    numkeys: int
    merge: str
    reads: bool


class PoolConfig(NamedTuple):
    """One pool with all its settings; servers are in placement order."""

    name: str
    listen: Listen
    servers: tuple[ServerConfig, ...]
    hash: str
    hash_tag: bytes  # two bytes, or none
    distribution: str
    timeout_ms: int  # 0: none
    backlog: int
    client_connections: int  # 0: no limit of its own
    redis: bool
    redis_auth: bytes  # empty: none
    redis_db: int
    preconnect: bool
    auto_eject_hosts: bool
    server_connections: int
    server_retry_timeout_ms: int
    server_failure_limit: int
    tcpkeepalive: bool
    reuseport: bool
    strict_keys: bool
    join_gets: bool
    slowlog_us: int = 0  # 0: no slow log
    slowlog_keys: str = "plain"
    redis_auth_file: bytes = b""  # where `redis_auth` was read
    redis_auth_env: bytes = b""
    max_request_bytes: int = limits.MAX_REQUEST_BYTES
    max_request_keys: int = limits.MAX_REQUEST_KEYS
    max_in_flight: int = limits.MAX_WINDOW
    max_client_output_bytes: int = limits.MAX_CLIENT_OUTPUT_BYTES
    max_process_bytes: int = limits.MAX_PROCESS_BYTES
    client_idle_timeout_ms: int = limits.IDLE_TIMEOUT_MS  # 0: none, like those below
    client_request_timeout_ms: int = limits.REQUEST_TIMEOUT_MS
    client_auth_timeout_ms: int = limits.AUTH_TIMEOUT_MS
    client_accept_rate: int = limits.ACCEPT_RATE
    deny_commands: tuple[str, ...] = ("migrate",)
    commands: tuple[CommandRule, ...] = ()


class Config(NamedTuple):
    """A whole file: its pools in the order of their indices."""

    pools: tuple[PoolConfig, ...]


def pool_from_plain(fields: list[object]) -> PoolConfig:
    """Return a pool from nested lists, as the control protocol carries it.

    Bytes travel as latin-1 text. Raise TypeError or ValueError for anything else.
    """
    values = dict(zip(PoolConfig._fields, fields, strict=True))
    for name in ("hash_tag", "redis_auth", "redis_auth_file", "redis_auth_env"):
        values[name] = str(values[name]).encode("latin-1")
    values["listen"] = Listen(*values["listen"])  # type: ignore[misc] # a list
    values["servers"] = tuple(ServerConfig(*server) for server in values["servers"])  # type: ignore[attr-defined] # lists
    values["deny_commands"] = tuple(values["deny_commands"])  # type: ignore[arg-type] # a list
    values["commands"] = tuple(CommandRule(*own) for own in values["commands"])  # type: ignore[attr-defined] # lists
    return PoolConfig(**values)  # type: ignore[arg-type] # checked by the loader
