"""Servers that are started once per test run and lent to one test after another.

Starting a server costs more than most tests. What is lent is running, thawed and
empty, whatever the previous borrower did to it.
"""

from collections.abc import Sequence
from typing import TypeVar

from tests.support.backends import MemcachedServer, RealServer, RedisServer
from tests.support.dialects import Dialect

Server = TypeVar("Server", RedisServer, MemcachedServer)


class Fleet:
    """Owns the servers; each kind with the same options is a row of its own."""

    def __init__(self) -> None:
        self._rows: dict[tuple[type[RealServer], tuple[str, ...]], list[RealServer]]
        self._rows = {}

    def redis(self, count: int, *options: str) -> list[RedisServer]:
        """Lend the first `count` redis servers with these options."""
        return self._lend(RedisServer, count, options)

    def memcached(self, count: int, *options: str) -> list[MemcachedServer]:
        """Lend the first `count` memcached servers with these options."""
        return self._lend(MemcachedServer, count, options)

    def speaking(
        self, dialect: Dialect, count: int
    ) -> Sequence[RedisServer | MemcachedServer]:
        """Lend the first `count` servers of the kind that speaks so."""
        return self.redis(count) if dialect.redis else self.memcached(count)

    def running_redis(self, count: int) -> list[RedisServer]:
        """Show the first `count` redis servers without options, keys and all."""
        row = self._rows.get((RedisServer, ()), [])
        return [server for server in row[:count] if isinstance(server, RedisServer)]

    def _lend(
        self, kind: type[Server], count: int, options: tuple[str, ...]
    ) -> list[Server]:
        row = self._rows.setdefault((kind, options), [])
        while len(row) < count:
            row.append(kind(*options))
        lent = [server for server in row[:count] if isinstance(server, kind)]
        for server in lent:
            if server.running:
                server.thaw()
                server.flush()
            else:
                server.start()
        return lent

    def close(self) -> None:
        """End all servers."""
        for row in self._rows.values():
            for server in row:
                server.close()
