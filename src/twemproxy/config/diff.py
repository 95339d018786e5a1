"""What changes from one configuration to another: pools, settings, servers.

Pools are paired by name, servers by label, because that is what keeps keys, counters
and clients. A server that only got another label is paired by its address.
"""

import enum
from collections.abc import Iterable
from typing import Final, NamedTuple

from twemproxy.config.model import Config, Listen, PoolConfig, ServerConfig
from twemproxy.config.settings import SETTINGS, Kind, Setting

HIDDEN: Final = "(hidden)"


class Change(enum.Enum):
    """What happens to a pool or to a server."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    SAME = "same"
    READDRESSED = "readdressed"  # a server: same label, other host, port or path
    REWEIGHTED = "reweighted"  # a server: same label, other weight
    RENAMED = "renamed"  # a server: same address, other label


class SettingChange(NamedTuple):
    """One key of a pool, its values as text; secrets stay hidden."""

    key: str
    old: str
    new: str


class ServerChange(NamedTuple):
    """One server; texts are as in the file, empty where there is none."""

    kind: Change
    label: str
    old: str
    new: str


class PoolChange(NamedTuple):
    """One pool, before and after; None where there is none."""

    name: str
    kind: Change
    old: PoolConfig | None
    new: PoolConfig | None
    settings: tuple[SettingChange, ...] = ()
    servers: tuple[ServerChange, ...] = ()


def redacted(config: Config) -> Config:
    """Put a mark in the place of every secret that is set."""
    return Config(tuple(map(_redact, config.pools)))


def diff(old: Config, new: Config) -> list[PoolChange]:
    """Compare every pool of either, in the order of their names."""
    before = {pool.name: pool for pool in old.pools}
    after = {pool.name: pool for pool in new.pools}
    return [
        _pool(name, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
    ]


def address(server: ServerConfig) -> str:
    """Spell where a server is."""
    return server.path or f"{server.host}:{server.port}"


def _redact(pool: PoolConfig) -> PoolConfig:
    secret = {row.field for row in SETTINGS if row.secret}
    values = zip(pool._fields, pool, strict=True)
    return PoolConfig._make(
        HIDDEN.encode() if field in secret and value else value
        for field, value in values
    )


def _pool(name: str, old: PoolConfig | None, new: PoolConfig | None) -> PoolChange:
    if old is None or new is None:
        kind = Change.ADDED if old is None else Change.REMOVED
        return PoolChange(name, kind, old, new)
    settings = tuple(_settings(old, new))
    servers = tuple(_servers(old.servers, new.servers))
    kind = Change.CHANGED if settings or servers else Change.SAME
    return PoolChange(name, kind, old, new, settings, servers)


def _settings(old: PoolConfig, new: PoolConfig) -> Iterable[SettingChange]:
    for row in SETTINGS:
        before, after = getattr(old, row.field), getattr(new, row.field)
        if row.kind is not Kind.SERVERS and before != after:
            yield SettingChange(row.key, _text(row, before), _text(row, after))


def _text(row: Setting, value: object) -> str:
    if row.secret:
        return HIDDEN if value else "none"
    if isinstance(value, Listen):
        return value.text
    if isinstance(value, bytes):
        return value.decode("latin-1") or "none"
    if isinstance(value, tuple):
        return f"{len(value)}: " + " ".join(str(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _servers(
    old: Iterable[ServerConfig], new: Iterable[ServerConfig]
) -> Iterable[ServerChange]:
    before = {server.label: server for server in old}
    after = {server.label: server for server in new}
    for label in [label for label in before if label in after]:
        yield from _server(before.pop(label), after.pop(label))
    former = {address(server): server for server in before.values()}
    for server in after.values():
        twin = former.pop(address(server), None)
        if twin is None:
            yield ServerChange(Change.ADDED, server.label, "", _written(server))
        else:
            yield ServerChange(
                Change.RENAMED, server.label, _written(twin), _written(server)
            )
    for server in former.values():
        yield ServerChange(Change.REMOVED, server.label, _written(server), "")


def _server(old: ServerConfig, new: ServerConfig) -> Iterable[ServerChange]:
    if address(old) != address(new):
        yield ServerChange(Change.READDRESSED, new.label, _written(old), _written(new))
    elif old.weight != new.weight:
        yield ServerChange(Change.REWEIGHTED, new.label, _written(old), _written(new))


def _written(server: ServerConfig) -> str:
    """Spell a server as the file does."""
    return server.address + (f" {server.name}" if server.name else "")
