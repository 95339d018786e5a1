"""Many clients that pipeline, check every reply, and sometimes hang up midway.

Each client owns its keys and tags each value with key and number, so a reply that
belongs to another request, client or moment is recognised. A client that hung up
cannot know which of its last writes will still happen; it goes on with new keys.
"""

import asyncio
import random
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal

from tests.support.dialects import Dialect
from tests.support.ports import LOOPBACK

KEYS_PER_CLIENT: Final = 6
MAX_PIPELINE: Final = 24
REPLY_PATIENCE_S: Final = 20.0
BIG_VALUE_BYTES: Final = 20_000
ERROR: Final = re.compile(rb"-[A-Z]+ |SERVER_ERROR |ERROR|CLIENT_ERROR ")

Values = list[bytes | None]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of a pipeline."""

    kind: Literal["set", "get", "many"]
    keys: tuple[bytes, ...]
    value: bytes = b""

    def encode(self, dialect: Dialect) -> bytes:
        """Spell it."""
        if self.kind == "set":
            return dialect.set(self.keys[0], self.value)
        if self.kind == "get":
            return dialect.get(self.keys[0])
        return dialect.many(self.keys)


@dataclass(frozen=True, slots=True)
class Got:
    """One reply: an error line, a stored, or the values of the asked keys."""

    error: bytes = b""
    values: tuple[bytes | None, ...] | None = None


async def read_reply(reader: asyncio.StreamReader, dialect: Dialect, ask: Ask) -> Got:
    """Read exactly one reply; a `ValueError` when it cannot be one to this request."""
    line = await reader.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError(f"closed in the middle of a reply: {line!r}")
    if ERROR.match(line):
        return Got(error=line)
    if ask.kind == "set":
        if line != dialect.stored():
            raise ValueError(f"{line!r} is no reply to a write")
        return Got()
    if not dialect.redis:
        return Got(values=await _read_values(reader, line, ask.keys))
    if ask.kind == "get":
        return Got(values=(await _read_bulk(reader, line),))
    if line != b"*%d\r\n" % len(ask.keys):
        raise ValueError(f"{line!r} is no reply to {len(ask.keys)} keys")
    return Got(
        values=tuple(
            [await _read_bulk(reader, await reader.readline()) for _ in ask.keys]
        )
    )


async def _read_bulk(reader: asyncio.StreamReader, line: bytes) -> bytes | None:
    if line == b"$-1\r\n":
        return None
    if not line.startswith(b"$"):
        raise ValueError(f"{line!r} is no bulk string")
    return await _read_block(reader, int(line[1:]))


async def _read_block(reader: asyncio.StreamReader, length: int) -> bytes:
    block = await reader.readexactly(length + 2)
    if not block.endswith(b"\r\n"):
        raise ValueError(f"{block[-20:]!r} ends no value")
    return block[:-2]


async def _read_values(
    reader: asyncio.StreamReader, line: bytes, keys: Sequence[bytes]
) -> tuple[bytes | None, ...]:
    found: dict[bytes, bytes] = {}
    while line != b"END\r\n":
        words = line.split()
        if len(words) != 4 or words[0] != b"VALUE" or words[1] not in keys:
            raise ValueError(f"{line!r} is no value of {keys!r}")
        found[words[1]] = await _read_block(reader, int(words[3]))
        line = await reader.readline()
    return tuple(found.get(key) for key in keys)


@dataclass(slots=True)
class Client:
    """One of the crowd; `wrong` says what it saw that must not be.

    With `lossy` servers a write may have failed and any value may be gone, but what
    is there must still be a value that was written to that key.
    """

    number: int
    dialect: Dialect
    port: int
    chance: random.Random
    lossy: bool = False
    wrong: list[str] = field(default_factory=list)
    replies: int = 0
    errors: int = 0
    hang_ups: int = 0
    _life: int = 0
    _sequence: int = 0
    _stored: dict[bytes, bytes] = field(default_factory=dict)

    async def run(self, ended: asyncio.Event) -> None:
        """Talk until `ended` or until something is wrong."""
        while not (ended.is_set() or self.wrong):
            self._life += 1
            self._stored.clear()
            try:
                reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
            except OSError as error:
                self._complain(f"cannot connect: {error}")
                return
            try:
                await self._talk(reader, writer, ended)
            except (OSError, ValueError, EOFError, TimeoutError) as error:
                self._complain(f"{type(error).__name__}: {error}")
            finally:
                writer.transport.abort()
                with suppress(OSError):
                    await writer.wait_closed()

    def _complain(self, what: str) -> None:
        self.wrong.append(f"client {self.number} life {self._life}: {what}")

    async def _talk(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ended: asyncio.Event,
    ) -> None:
        while not (ended.is_set() or self.wrong):
            asks = self._pipeline()
            writer.write(b"".join(ask.encode(self.dialect) for ask in asks))
            hang_up = self.chance.random() < 0.02
            awaited = asks[: self.chance.randrange(len(asks))] if hang_up else asks
            async with asyncio.timeout(REPLY_PATIENCE_S):
                await writer.drain()
                for ask in awaited:
                    self.check(ask, await read_reply(reader, self.dialect, ask))
            if hang_up:
                self.hang_ups += 1
                return

    def _pipeline(self) -> list[Ask]:
        return [self._ask() for _ in range(self.chance.randint(1, MAX_PIPELINE))]

    def _ask(self) -> Ask:
        keys = [
            b"c%d.%d.%d" % (self.number, self._life, i) for i in range(KEYS_PER_CLIENT)
        ]
        kind = self.chance.choice(("set", "set", "get", "get", "many"))
        if kind == "many":
            count = self.chance.randint(2, KEYS_PER_CLIENT)
            return Ask("many", tuple(self.chance.sample(keys, count)))
        key = self.chance.choice(keys)
        if kind == "get":
            return Ask("get", (key,))
        self._sequence += 1
        filler = b"x" * (BIG_VALUE_BYTES if self.chance.random() < 0.02 else 3)
        return Ask("set", (key,), b"%s=%d;%s" % (key, self._sequence, filler))

    def check(self, ask: Ask, got: Got) -> None:
        """Compare a reply with what this client knows."""
        self.replies += 1
        if got.error:
            self.errors += 1
            if not self.lossy:
                self._complain(f"{ask} was answered {got.error!r}")
        elif ask.kind == "set":
            self._stored[ask.keys[0]] = ask.value
        elif got.values is not None:
            for key, value in zip(ask.keys, got.values, strict=True):
                self._check_value(key, value)

    def _check_value(self, key: bytes, value: bytes | None) -> None:
        if not self.lossy:
            if value != self._stored.get(key):
                last = self._stored.get(key)
                self._complain(f"{key!r} is {_short(value)}, not {_short(last)}")
        elif value is not None and not value.startswith(key + b"="):
            self._complain(f"{key!r} is {_short(value)}")


def _short(value: bytes | None) -> str:
    return repr(value[:60] if value else value)
