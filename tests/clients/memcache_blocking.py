"""pymemcache in its four forms, and python-memcached."""

from collections.abc import Mapping, Sequence
from typing import Any

import memcache
from pymemcache import serde
from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient
from pymemcache.client.retrying import RetryingClient

from tests.clients.memcache_library import Classic
from tests.support.ports import LOOPBACK


class Pymemcache:
    """pymemcache; it expects no reply to what it stores, unless it is told to."""

    def __init__(self, port: int) -> None:
        self.client = self.connect(port)

    def connect(self, port: int) -> Any:
        """Make the client."""
        return Client((LOOPBACK, port))

    def set(self, key: str, value: bytes) -> bool:
        """Store a value."""
        return bool(self.client.set(key, value, noreply=False))

    def add(self, key: str, value: bytes) -> bool:
        """Store a value if there is none."""
        return bool(self.client.add(key, value, noreply=False))

    def get(self, key: str) -> bytes | None:
        """Return a value."""
        value: bytes | None = self.client.get(key)
        return value

    def delete(self, key: str) -> bool:
        """Delete a value."""
        return bool(self.client.delete(key, noreply=False))

    def set_many(self, values: Mapping[str, bytes]) -> None:
        """Store all in one write."""
        assert self.client.set_many(values, noreply=False) == []

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Get all with one request."""
        return dict(self.client.get_many(keys))

    def count(self, key: str, by: int) -> int | None:
        """Add to a number, or subtract."""
        act = self.client.incr if by > 0 else self.client.decr
        number: int | None = act(key, abs(by))
        return number

    def gets(self, key: str) -> tuple[bytes, object]:
        """Return a value and its number."""
        value, token = self.client.gets(key)
        return value, token

    def cas(self, key: str, value: bytes, token: object) -> bool:
        """Store a value if nobody did."""
        return bool(self.client.cas(key, value, token, noreply=False))

    def tell(self, key: str, value: bytes) -> None:
        """Store a value, which is without reply by default."""
        self.client.set(key, value)

    def close(self) -> None:
        """Say `quit`."""
        self.client.close()


class PymemcachePool(Pymemcache):
    """Its pool of connections, which serializes what is not bytes."""

    def connect(self, port: int) -> Any:
        """Make the client."""
        return PooledClient((LOOPBACK, port), serde=serde.pickle_serde)


class PymemcacheHash(Pymemcache):
    """Its client for several servers, with one address."""

    def connect(self, port: int) -> Any:
        """Make the client."""
        return HashClient([f"{LOOPBACK}:{port}"], use_pooling=True)


class PymemcacheRetry(Pymemcache):
    """Its client that tries again."""

    def connect(self, port: int) -> Any:
        """Make the client."""
        return RetryingClient(Client((LOOPBACK, port)), attempts=2)


class PythonMemcached(Classic):
    """python-memcached, which swallows most errors."""

    def __init__(self, port: int) -> None:
        self.client = memcache.Client([f"{LOOPBACK}:{port}"], cache_cas=True)

    def gets(self, key: str) -> tuple[bytes, object]:
        """Return a value; the client keeps its number."""
        return self.client.gets(key), None

    def cas(self, key: str, value: bytes, token: object) -> bool:
        """Store a value if nobody did."""
        return bool(self.client.cas(key, value))

    def tell(self, key: str, value: bytes) -> None:
        """Store a value without reply."""
        self.client.set(key, value, noreply=True)
