"""A process that behaves like a site's web servers in front of a cache.

Each client looks a page's keys up in one pipeline, among them one request for
several keys, and stores what was missing: a cache-aside that keeps the hit rate
high, and lets it dip when a server is lost. Popular keys are asked for more often.
It runs apart from the screen so that drawing does not show up as latency.
"""

import asyncio
import json
import random
import sys
import time
from typing import Final

from twemproxy.demo.clients import (
    Client,
    MemcachedClient,
    RedisClient,
    ReplyError,
    Request,
    value_of,
)
from twemproxy.demo.processes import LOOPBACK
from twemproxy.demo.tally import Tally

KEYS: Final = 5000
SINGLE_GETS: Final = 7
MULTI_KEYS: Final = 5
REPORT_S: Final = 0.25
REPLY_WAIT_S: Final = 5


def popular_key() -> bytes:
    """Draw a key; the first ones are drawn most often."""
    return b"user:%d" % int(KEYS * random.random() ** 2)  # noqa: S311 - no secret


class Visitor:
    """One connection; always true: every request sent has one reply awaited."""

    def __init__(self, client: Client, port: int, tally: Tally) -> None:
        """Talk to `port` in the words of `client`, counting in `tally`."""
        self._client = client
        self._port = port
        self._tally = tally
        self._missing: list[bytes] = []

    async def browse(self, pause_s: float) -> None:
        """Visit page after page, each `pause_s` after the one before."""
        while True:
            try:
                reader, writer = await asyncio.open_connection(LOOPBACK, self._port)
            except OSError:
                self._on_error("connection refused by the proxy")
                await asyncio.sleep(pause_s)
                continue
            try:
                await self._visit_pages(reader, writer, pause_s)
            except (OSError, EOFError) as error:  # a timeout is an OSError
                self._on_error(f"connection lost: {error!r}")
            except ValueError as error:
                self._on_wrong(f"not the protocol: {error}")
            finally:
                writer.close()

    async def _visit_pages(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        pause_s: float,
    ) -> None:
        due = time.monotonic() + pause_s * random.random()  # noqa: S311 - spread
        while True:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due + pause_s, time.monotonic() - pause_s)
            async with asyncio.timeout(REPLY_WAIT_S):
                await self._visit(reader, writer)

    async def _visit(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        page = [Request((popular_key(),)) for _ in range(SINGLE_GETS)]
        page.append(Request(tuple({popular_key() for _ in range(MULTI_KEYS)})))
        page += [Request((key,), store=True) for key in self._missing]
        self._missing.clear()
        writer.write(b"".join(map(self._client.encode, page)))
        started = time.perf_counter()
        for request in page:
            try:
                found = await self._client.read(request, reader)
            except ReplyError as error:
                self._on_error(str(error))
            else:
                self._check(request, found)
            self._tally.on_reply(time.perf_counter() - started)

    def _check(self, request: Request, found: dict[bytes, bytes]) -> None:
        if request.store:
            return
        for key in request.keys:
            value = found.pop(key, None)
            if value is None:
                self._tally.misses += 1
                self._missing.append(key)
            elif value == value_of(key):
                self._tally.hits += 1
            else:
                self._on_wrong(f"{key!r} has {value[:40]!r}")
        if found:
            self._on_wrong(f"nobody asked for {next(iter(found))!r}")

    def _on_error(self, text: str) -> None:
        self._tally.errors += 1
        self._tally.example = text

    def _on_wrong(self, text: str) -> None:
        self._tally.wrong += 1
        self._tally.example = text


async def run(ports: dict[str, int], clients: int, rate: int) -> None:
    """Send `rate` requests a second through all pools; report until told to stop."""
    tally = Tally()
    pause_s = clients * len(ports) * (SINGLE_GETS + 1) / rate if rate else 0.0
    visitors = [
        Visitor(RedisClient() if kind == "redis" else MemcachedClient(), port, tally)
        for kind, port in ports.items()
        for _ in range(clients)
    ]
    async with asyncio.TaskGroup() as tasks:
        for visitor in visitors:
            tasks.create_task(visitor.browse(pause_s))
        while True:
            await asyncio.sleep(REPORT_S)
            print(tally.take().to_json(), flush=True)


def main(argv: list[str]) -> None:
    """Run with ``{"redis": PORT, ...}``, clients per pool and requests a second."""
    ports, clients, rate = argv
    try:
        asyncio.run(run(json.loads(ports), int(clients), int(rate)))
    except* BrokenPipeError:  # the demo is gone, and so is our reason to be
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
