"""pylibmc, that is libmemcached."""

from collections.abc import Mapping, Sequence
from typing import Any

import pylibmc

from tests.support.ports import LOOPBACK


class Pylibmc:
    """pylibmc; some things have to be switched on."""

    def __init__(self, port: int) -> None:
        self.client: Any = pylibmc.Client([f"{LOOPBACK}:{port}"])

    def set(self, key: str, value: bytes) -> bool:
        """Store a value."""
        return bool(self.client.set(key, value))

    def add(self, key: str, value: bytes) -> bool:
        """Store a value if there is none."""
        return bool(self.client.add(key, value))

    def get(self, key: str) -> bytes | None:
        """Return a value."""
        value: bytes | None = self.client.get(key)
        return value

    def delete(self, key: str) -> bool:
        """Delete a value."""
        return bool(self.client.delete(key))

    def set_many(self, values: Mapping[str, bytes]) -> None:
        """Store one after another."""
        assert self.client.set_multi(values) == []

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Get all with one request."""
        return dict(self.client.get_multi(keys))

    def count(self, key: str, by: int) -> int | None:
        """Add to a number, or subtract."""
        act = self.client.incr if by > 0 else self.client.decr
        try:
            number: int = act(key, abs(by))
        except pylibmc.NotFound:
            return None
        return number

    def gets(self, key: str) -> tuple[bytes, object]:
        """Return a value and its number."""
        self.client.behaviors["cas"] = True
        value, token = self.client.gets(key)
        return value, token

    def cas(self, key: str, value: bytes, token: object) -> bool:
        """Store a value if nobody did."""
        return bool(self.client.cas(key, value, token))

    def tell(self, key: str, value: bytes) -> None:
        """Store a value without reply."""
        quiet = self.client.clone()
        quiet.behaviors["_noreply"] = True
        quiet.set(key, value)
        quiet.disconnect_all()

    def close(self) -> None:
        """End the connections."""
        self.client.disconnect_all()
