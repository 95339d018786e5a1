"""Two tiny clients, one per protocol: encode a request, read its reply.

A request is the keys to look up, or the one key to store. The reader is given
the request again, because a reply does not say what it answers.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

VALUE_BYTES: Final = 100


class ReplyError(Exception):
    """The proxy or a server answered with an error line."""


@dataclass(frozen=True, slots=True)
class Request:
    """Look `keys` up, or store the only one of them."""

    keys: tuple[bytes, ...]
    store: bool = False


def value_of(key: bytes) -> bytes:
    """Return the value that belongs to `key`, so that every hit can be checked."""
    return (key + b" ").ljust(VALUE_BYTES, b".")


class Client(Protocol):
    """What the traffic needs of a protocol."""

    def encode(self, request: Request) -> bytes:
        """Return the bytes of `request`."""

    async def read(
        self, request: Request, reader: asyncio.StreamReader
    ) -> dict[bytes, bytes]:
        """Return the values found by key; raise `ReplyError`."""


class RedisClient:
    """GET, MGET and SET in RESP."""

    def encode(self, request: Request) -> bytes:
        """Return an array of bulk strings."""
        if request.store:
            key = request.keys[0]
            words = [b"SET", key, value_of(key)]
        else:
            words = [b"MGET" if len(request.keys) > 1 else b"GET", *request.keys]
        bulks = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
        return b"*%d\r\n%s" % (len(words), bulks)

    async def read(
        self, request: Request, reader: asyncio.StreamReader
    ) -> dict[bytes, bytes]:
        """Read one status, one value, or an array with one value per key."""
        line = await reader.readline()
        if line.startswith(b"*"):
            lines = [
                await self._bulk(await reader.readline(), reader) for _ in request.keys
            ]
            pairs = zip(request.keys, lines, strict=True)
        elif line.startswith(b"$"):
            pairs = zip(request.keys, [await self._bulk(line, reader)], strict=True)
        elif line == b"+OK\r\n":
            return {}
        else:
            raise_for(line)
        return {key: value for key, value in pairs if value is not None}

    async def _bulk(self, line: bytes, reader: asyncio.StreamReader) -> bytes | None:
        if not line.startswith(b"$"):
            raise_for(line)
        length = int(line[1:])
        if length < 0:
            return None
        return (await reader.readexactly(length + 2))[:length]


class MemcachedClient:
    """get with one or more keys and set, in memcached's text protocol."""

    def encode(self, request: Request) -> bytes:
        """Return one command line, with its value if it stores one."""
        if request.store:
            value = value_of(request.keys[0])
            head = b"set %s 0 0 %d\r\n" % (request.keys[0], len(value))
            return head + value + b"\r\n"
        return b"get %s\r\n" % b" ".join(request.keys)

    async def read(
        self, request: Request, reader: asyncio.StreamReader
    ) -> dict[bytes, bytes]:
        """Read VALUE blocks up to END, or STORED."""
        found: dict[bytes, bytes] = {}
        while (line := await reader.readline()).startswith(b"VALUE "):
            _, key, _, length = line.split()
            found[key] = (await reader.readexactly(int(length) + 2))[:-2]
        if line != (b"STORED\r\n" if request.store else b"END\r\n"):
            raise_for(line)
        return found


def raise_for(line: bytes) -> None:
    """Turn a line that is no proper reply into an exception."""
    if not line:
        raise ConnectionResetError("closed by the proxy")
    raise ReplyError(line.decode(errors="replace").strip())
