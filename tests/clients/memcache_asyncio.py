"""aiomcache and emcache, each driven from outside its loop."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, TypeVar

import aiomcache
import emcache

from tests.support.ports import LOOPBACK

Result = TypeVar("Result")


async def wait(action: Awaitable[Result]) -> Result:
    """Wait for an action."""
    return await action


class Driven:
    """A client that is asked from outside its loop."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()

    def run(self, action: Awaitable[Result]) -> Result:
        """Do one thing to its end."""
        return self.runner.run(wait(action))


class Aiomcache(Driven):
    """aiomcache; its pool has two connections."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.client = aiomcache.Client(LOOPBACK, port)

    def set(self, key: str, value: bytes) -> bool:
        """Store a value."""
        return bool(self.run(self.client.set(key.encode(), value)))

    def add(self, key: str, value: bytes) -> bool:
        """Store a value if there is none."""
        return bool(self.run(self.client.add(key.encode(), value)))

    def get(self, key: str) -> bytes | None:
        """Return a value."""
        return self.run(self.client.get(key.encode()))

    def delete(self, key: str) -> bool:
        """Delete a value."""
        return bool(self.run(self.client.delete(key.encode())))

    def set_many(self, values: Mapping[str, bytes]) -> None:
        """Store all at once."""

        async def store() -> None:
            pairs = [(key.encode(), value) for key, value in values.items()]
            assert all(
                await asyncio.gather(*(self.client.set(*pair) for pair in pairs))
            )

        self.run(store())

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Get all with one request."""
        found = self.run(self.client.multi_get(*(key.encode() for key in keys)))
        pairs = zip(keys, found, strict=True)
        return {key: value for key, value in pairs if value is not None}

    def count(self, key: str, by: int) -> int | None:
        """Add to a number, or subtract."""
        act = self.client.incr if by > 0 else self.client.decr
        try:
            return self.run(act(key.encode(), abs(by)))
        except aiomcache.ClientException:  # what it makes of NOT_FOUND
            return None

    def gets(self, key: str) -> tuple[bytes, object]:
        """Return a value and its number."""
        value, token = self.run(self.client.gets(key.encode()))
        assert value is not None
        return value, token

    def cas(self, key: str, value: bytes, token: Any) -> bool:
        """Store a value if nobody did."""
        return bool(self.run(self.client.cas(key.encode(), value, token)))

    def tell(self, key: str, value: bytes) -> None:
        """Store a value; the library waits for every reply."""
        self.set(key, value)

    def close(self) -> None:
        """End the connections and the loop."""
        self.run(self.client.close())
        self.runner.close()


class Emcache(Driven):
    """emcache, whose parser is compiled."""

    def __init__(self, port: int) -> None:
        super().__init__()
        address = emcache.MemcachedHostAddress(LOOPBACK, port)
        self.client = self.run(emcache.create_client([address]))

    def done(self, action: Any) -> bool:
        """Tell whether an action succeeded."""
        try:
            self.run(action)
        except emcache.CommandError:
            return False
        return True

    def set(self, key: str, value: bytes) -> bool:
        """Store a value."""
        return self.done(self.client.set(key.encode(), value))

    def add(self, key: str, value: bytes) -> bool:
        """Store a value if there is none."""
        return self.done(self.client.add(key.encode(), value))

    def get(self, key: str) -> bytes | None:
        """Return a value."""
        item = self.run(self.client.get(key.encode()))
        return None if item is None else item.value

    def delete(self, key: str) -> bool:
        """Delete a value."""
        return self.done(self.client.delete(key.encode()))

    def set_many(self, values: Mapping[str, bytes]) -> None:
        """Store all at once."""

        async def store() -> None:
            pairs = [(key.encode(), value) for key, value in values.items()]
            await asyncio.gather(*(self.client.set(*pair) for pair in pairs))

        self.run(store())

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Get all with one request."""
        found = self.run(self.client.get_many([key.encode() for key in keys]))
        return {key.decode(): item.value for key, item in found.items()}

    def count(self, key: str, by: int) -> int | None:
        """Add to a number, or subtract."""
        act = self.client.increment if by > 0 else self.client.decrement
        try:
            return self.run(act(key.encode(), abs(by)))
        except emcache.NotFoundCommandError:
            return None

    def gets(self, key: str) -> tuple[bytes, object]:
        """Return a value and its number."""
        item = self.run(self.client.gets(key.encode()))
        assert item is not None
        return item.value, item.cas

    def cas(self, key: str, value: bytes, token: Any) -> bool:
        """Store a value if nobody did."""
        return self.done(self.client.cas(key.encode(), value, token))

    def tell(self, key: str, value: bytes) -> None:
        """Store a value without reply."""
        self.run(self.client.set(key.encode(), value, noreply=True))

    def close(self) -> None:
        """End the connections and the loop."""
        self.run(self.client.close())
        self.runner.close()
