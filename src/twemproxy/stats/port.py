"""The stats port: each connection gets the document and is closed.

Nothing is asked of a reader and nothing it does can hold us up: it has
`MAX_READ_S` to take the document, what it sends is thrown away, and of many readers
at a time the oldest goes. The document is followed by an orderly end of stream, not by
a close, because closing with unread bytes would reset the connection under a reader
that sent an HTTP request.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final

from twemproxy import limits

MAX_READERS: Final = limits.MAX_STATS_READERS
MAX_READ_S: Final = limits.MAX_STATS_READ_S
MAX_UNREAD_BYTES: Final = limits.MAX_STATS_UNREAD_BYTES


class StatsPort:
    """Listens on a bound socket until closed."""

    def __init__(
        self,
        listener: socket.socket,
        document: Callable[[], bytes],
        most: int = MAX_READERS,
    ) -> None:
        self._listener = listener
        self._most = most
        self._document = document
        self._server: asyncio.Server | None = None
        self._readers: dict[_Reader, None] = {}  # oldest first
        self._made = b""  # in this turn of the loop

    async def open(self) -> None:
        """Begin to answer."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._reader, sock=self._listener)

    def close(self) -> None:
        """Stop answering; readers keep what was already sent."""
        if self._server:
            self._server.close()
        for reader in list(self._readers):
            reader.cut()

    def _reader(self) -> "_Reader":
        if len(self._readers) >= self._most:
            next(iter(self._readers)).cut()
        reader = _Reader(self._current, self._readers)
        self._readers[reader] = None
        return reader

    def _current(self) -> bytes:
        """Make the document, once for all who are answered in this turn of the loop."""
        if not self._made:
            self._made = self._document()
            asyncio.get_running_loop().call_soon(self._forget)
        return self._made

    def _forget(self) -> None:
        self._made = b""


class _Reader(asyncio.Protocol):
    """One reader, from its connection to its end of stream or its deadline."""

    def __init__(
        self, document: Callable[[], bytes], readers: dict["_Reader", None]
    ) -> None:
        self._document = document
        self._readers = readers
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._unread = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(transport)
        self._transport = transport
        if self not in self._readers:  # cut by those who came together with it
            transport.abort()
            return
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(MAX_READ_S, self.cut)
        transport.write(self._document())
        with contextlib.suppress(OSError):  # it may have reset the connection
            transport.write_eof()

    def data_received(self, data: bytes) -> None:
        self._unread += len(data)
        if self._unread > MAX_UNREAD_BYTES:
            self.cut()

    def connection_lost(self, _reason: Exception | None) -> None:
        self._readers.pop(self, None)
        if self._deadline:
            self._deadline.cancel()

    def cut(self) -> None:
        """End the connection now."""
        self._readers.pop(self, None)
        if self._transport:
            self._transport.abort()
