"""What every memcached library can do, each in its own words, in the same words."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Library(Protocol):
    """One client with the library's defaults; a failure is an exception or False."""

    def set(self, key: str, value: bytes) -> bool:
        """Store a value."""

    def add(self, key: str, value: bytes) -> bool:
        """Store a value if there is none."""

    def get(self, key: str) -> bytes | None:
        """Return a value."""

    def delete(self, key: str) -> bool:
        """Delete a value; whether there was one, where the library tells."""

    def set_many(self, values: Mapping[str, bytes]) -> None:
        """Store many values, in one go where the library can."""

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the values that are there."""

    def count(self, key: str, by: int) -> int | None:
        """Add to a number, or subtract; None when there is none."""

    def gets(self, key: str) -> tuple[bytes, object]:
        """Return a value and what `cas` wants to know of it."""

    def cas(self, key: str, value: bytes, token: object) -> bool:
        """Store a value if nobody did since `gets`."""

    def tell(self, key: str, value: bytes) -> None:
        """Store a value without waiting for a reply, where the library can."""

    def close(self) -> None:
        """End the connections."""


class Classic:
    """A library whose methods have the names that python-memcached gave them."""

    client: Any

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
        """Delete a value; some are content if there was none."""
        return bool(self.client.delete(key))

    def set_many(self, values: Mapping[str, bytes]) -> None:
        """Store all."""
        assert self.client.set_multi(values) == []

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Get all with one request."""
        return dict(self.client.get_multi(keys))

    def count(self, key: str, by: int) -> int | None:
        """Add to a number, or subtract."""
        act = self.client.incr if by > 0 else self.client.decr
        number: int | None = act(key, abs(by))
        return number

    def close(self) -> None:
        """End the connections."""
        self.client.disconnect_all()
