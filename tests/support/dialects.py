"""The two protocols, as far as a test that runs over both needs them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tests.support.wire import Wire, resp


class Dialect(Protocol):
    """How to ask for things, what comes back, and how the proxy words trouble."""

    @property
    def redis(self) -> bool:
        """Whether this is what a pool with `redis: true` speaks."""

    def set(self, key: bytes, value: bytes) -> bytes:
        """Encode the request that stores a value."""

    def get(self, key: bytes) -> bytes:
        """Encode the request for one value."""

    def many(self, keys: Sequence[bytes]) -> bytes:
        """Encode the request for several values."""

    def stored(self) -> bytes:
        """Encode the reply to a good `set`."""

    def found(self, key: bytes, value: bytes) -> bytes:
        """Encode the reply to `get` of a key that is there."""

    def missing(self) -> bytes:
        """Encode the reply to `get` of a key that is not there."""

    def error(self, text: str) -> bytes:
        """Encode an error line that the proxy makes."""


@dataclass(frozen=True, slots=True)
class Redis:
    """RESP2."""

    redis: bool = True

    def set(self, key: bytes, value: bytes) -> bytes:
        """Encode SET."""
        return resp("SET", key, value)

    def get(self, key: bytes) -> bytes:
        """Encode GET."""
        return resp("GET", key)

    def many(self, keys: Sequence[bytes]) -> bytes:
        """Encode MGET."""
        return resp("MGET", *keys)

    def stored(self) -> bytes:
        """Encode a status."""
        return b"+OK\r\n"

    def found(self, key: bytes, value: bytes) -> bytes:
        """Encode a bulk string; the key is not in it."""
        return b"$%d\r\n%s\r\n" % (len(value), value)

    def missing(self) -> bytes:
        """Encode the null bulk string."""
        return b"$-1\r\n"

    def error(self, text: str) -> bytes:
        """Encode an error reply."""
        return f"-ERR {text}\r\n".encode()


@dataclass(frozen=True, slots=True)
class Memcache:
    """The ASCII protocol."""

    redis: bool = False

    def set(self, key: bytes, value: bytes) -> bytes:
        """Encode set."""
        return b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value)

    def get(self, key: bytes) -> bytes:
        """Encode get."""
        return b"get %s\r\n" % key

    def many(self, keys: Sequence[bytes]) -> bytes:
        """Encode get with several keys."""
        return b"get %s\r\n" % b" ".join(keys)

    def stored(self) -> bytes:
        """Encode STORED."""
        return b"STORED\r\n"

    def found(self, key: bytes, value: bytes) -> bytes:
        """Encode one VALUE and END."""
        return b"VALUE %s 0 %d\r\n%s\r\nEND\r\n" % (key, len(value), value)

    def missing(self) -> bytes:
        """Encode END alone."""
        return b"END\r\n"

    def error(self, text: str) -> bytes:
        """Encode a server error."""
        return f"SERVER_ERROR {text}\r\n".encode()


REDIS: Final = Redis()
MEMCACHE: Final = Memcache()
DIALECTS: Final[tuple[Dialect, ...]] = (REDIS, MEMCACHE)

MAX_PROBES: Final = 200


def keys_of_servers(dialect: Dialect, port: int, servers: Sequence[int]) -> list[bytes]:
    """Find one key per server, by storing through the proxy and looking behind it."""
    found: dict[int, bytes] = {}
    with Wire(port) as front:
        behind = [Wire(server) for server in servers]
        for number in range(MAX_PROBES):
            key = b"probe%d" % number
            front.ask(dialect.set(key, b"v"), dialect.stored())
            for i, wire in enumerate(behind):
                wire.send(dialect.get(key))
                if wire.read_line() != dialect.missing():
                    wire.read_until_quiet(0.01)
                    found.setdefault(i, key)
            if len(found) == len(servers):
                break
        for wire in behind:
            wire.close()
    return [found[i] for i in range(len(servers))]
