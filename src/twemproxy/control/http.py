"""As much of HTTP as monitoring needs: one question per connection, no bodies.

Nothing a peer does can hold us up: the head it sends is limited in bytes and in time,
so is taking the answer, and of many peers at a time the oldest goes.

A question is *local* when it comes from the same machine and was not smuggled in by a
browser: it names us as localhost and has no Origin. Over a UNIX socket the peer must
be root or the user we run as.
"""

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

from twemproxy import limits, log
from twemproxy.control.descriptors import peers
from twemproxy.errors import ProtocolError

MAX_HEAD_BYTES: Final = limits.MAX_HTTP_HEAD_BYTES
MAX_HEAD_S: Final = limits.MAX_HTTP_HEAD_S
MAX_ANSWER_S: Final = limits.MAX_HTTP_ANSWER_S
MAX_TAKING_S: Final = limits.MAX_HTTP_TAKING_S
MAX_PEERS: Final = limits.MAX_HTTP_PEERS
MAX_QUOTED: Final = 80
REQUEST_LINE_WORDS: Final = 3
JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"

_PHRASES: Final = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_END: Final = b"\r\n\r\n"
_CONTROLS: Final = frozenset("\r\n\0")  # no header has any of them
_WHOLE: Final = "http://"
_LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
_CREDENTIALS: Final = struct.Struct("3i")  # pid, uid, gid


class Request(NamedTuple):
    """A question; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    local: bool


class Response(NamedTuple):
    """An answer."""

    status: int
    body: bytes
    kind: str = TEXT


Answer = Callable[[Request], Awaitable[Response]]


class HttpPort:
    """Listens on bound sockets and hands questions to `answer`, until closed."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._servers: list[asyncio.Server] = []
        self._peers: dict[asyncio.Task[None], None] = {}  # oldest first

    async def open(self, listener: socket.socket) -> None:
        """Begin to answer on one more socket."""
        self._servers.append(
            await asyncio.start_server(
                self._accept, sock=listener, limit=MAX_HEAD_BYTES
            )
        )

    def close(self) -> None:
        """Stop answering, cut off who has not got its answer."""
        for server in self._servers:
            server.close()
        for peer in list(self._peers):
            peer.cancel()

    def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if len(self._peers) >= peers(MAX_PEERS):
            oldest = next(iter(self._peers))
            del self._peers[oldest]  # now: many may come in one turn of the loop
            oldest.cancel()
        peer = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._peers[peer] = None

        def forget(_: asyncio.Task[None]) -> None:
            # Here and not in the task: one that is cut before it runs never does.
            self._peers.pop(peer, None)
            writer.transport.abort()

        peer.add_done_callback(forget)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Take one question and answer it; whatever fails concerns only this peer."""
        try:
            async with asyncio.timeout(MAX_HEAD_S):
                request = await _read(reader, writer)
            async with asyncio.timeout(MAX_ANSWER_S):
                response = await self._respond(request)
            async with asyncio.timeout(MAX_TAKING_S):
                bare = isinstance(request, Request) and request.method == "HEAD"
                writer.write(_written(response, bare))
                writer.write_eof()
                await writer.drain()
                # Closing on unread bytes would reset the line under the answer.
                while await reader.read(MAX_HEAD_BYTES):
                    pass
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return

    async def _respond(self, request: Request | Response) -> Response:
        if isinstance(request, Response):
            return request
        try:
            return await self._answer(request)
        except Exception as bug:  # the edge of a task: the peer is told, others go on
            log.error("cannot answer %s: %r", request.path, bug)
            return Response(500, b"our mistake, see the log\n")


async def _read(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Request | Response:
    """Read the head of a question, or say what is wrong with it."""
    try:
        head = await reader.readuntil(_END)
    except asyncio.LimitOverrunError:
        return Response(431, b"more than 8 KiB of headers\n")
    try:
        method, path, headers = parse_head(head)
    except ProtocolError as error:
        return Response(400, f"{error}\n".encode())
    bound: socket.socket = writer.get_extra_info("socket")
    local = (
        is_own(bound) if bound.family == socket.AF_UNIX else is_local(writer, headers)
    )
    return Request(method, path, headers, local)


def parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    """Split a head into method, path without its query, and headers."""
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != REQUEST_LINE_WORDS or not words[2].startswith("HTTP/1."):
        raise ProtocolError(f"found {first[:MAX_QUOTED]!r}, expected HTTP/1")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        # RFC 9112, 2.2, 3.2 and 5.1: what others may read as another head than we do.
        if not colon or name.split() != [name] or not _CONTROLS.isdisjoint(value):
            raise ProtocolError(f"found {line[:MAX_QUOTED]!r}, expected a header")
        if name.lower() == "host" and "host" in headers:
            raise ProtocolError("found two headers Host, expected one")
        headers[name.lower()] = value.strip()
    path = words[1].partition("?")[0]
    if path.startswith(_WHOLE):  # RFC 9112 3.2.2: its authority replaces Host
        headers["host"], slash, rest = path.removeprefix(_WHOLE).partition("/")
        path = slash + rest or "/"
    return words[0], path, headers


def is_local(writer: asyncio.StreamWriter, headers: Mapping[str, str]) -> bool:
    """Tell whether a question comes from this machine, and not from a browser."""
    peer = str(writer.get_extra_info("peername")[0]).removeprefix("::ffff:")
    host, _, port = headers.get("host", "localhost").rpartition(":")
    name = host if host and port.isdecimal() else headers.get("host", "localhost")
    from_here = peer == "::1" or peer.startswith("127.")
    return from_here and name.lower() in _LOCAL_NAMES and "origin" not in headers


def is_own(bound: socket.socket) -> bool:
    """Tell whether the peer of a UNIX socket is root or our own user."""
    if not hasattr(socket, "SO_PEERCRED"):
        return False
    raw = bound.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(raw)
    return uid in (0, os.geteuid())


def _written(response: Response, bare: bool) -> bytes:
    phrase = _PHRASES[response.status]
    head = (
        f"HTTP/1.1 {response.status} {phrase}\r\n"
        f"Content-Type: {response.kind}\r\n"
        f"Content-Length: {len(response.body)}\r\n"
        "Cache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + (b"" if bare else response.body)
