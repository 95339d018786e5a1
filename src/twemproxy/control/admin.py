"""What can be asked of a running proxy over HTTP, and who may ask.

    /healthz /readyz /metrics          anybody who reaches the port
    /stats /state /config /slowlog     local peers only: names, addresses, keys
    POST /reload                       local peers only

It is served on the metrics port, if there is one, and on Linux always on a socket in
the abstract namespace that carries our process id, for the operator's commands.
"""

import asyncio
import importlib
import json
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, Protocol

from twemproxy import adminname, log
from twemproxy.config.diff import redacted
from twemproxy.control.http import JSON, HttpPort, Request, Response
from twemproxy.control.reload import Reloader
from twemproxy.control.setup import plain
from twemproxy.control.threads import in_thread
from twemproxy.control.workers import Workers
from twemproxy.errors import ConfigError
from twemproxy.stats.histogram import times
from twemproxy.stats.metrics import (
    BLOCK_SLOTS,
    PROCESS,
    PROCESS_BLOCK,
    REQUEST_TIMES,
    SERVER_TIMES,
    Histogram,
)
from twemproxy.stats.snapshot import Snapshot

# Imported when asked for: they bring a library each, of 3 and of 4 MB.
EXPORTER: Final = "twemproxy.stats.prometheus"
DISCLOSURE: Final = "twemproxy.stats.disclosure"
BACKLOG: Final = 32
MAX_SILENCE_MS: Final = 5000  # of a heartbeat, before a worker counts as stuck
FOR_OURS: Final = (
    b"for this machine only, and over the admin socket for root and our own user only\n"
)
HEARTBEAT: Final = next(row.slot for row in PROCESS if row.name == "heartbeat")


class Exporter(Protocol):
    """The module that writes metrics pages, if one was asked for."""

    def page(self, snapshot: Snapshot, accept: str) -> tuple[bytes, str]:
        """Write the page that suits an Accept header; its content type, too."""


class Serving(NamedTuple):
    """The parts of a proxy that has begun to serve."""

    reloader: Reloader
    workers: Workers
    views: Sequence[memoryview]


class Route(NamedTuple):
    """One row of the table of questions."""

    method: str
    private: bool
    answer: Callable[[Request], Awaitable[Response]]


class Admin:
    """Answers questions; before `serving` is set only that we are not ready."""

    def __init__(self, document: Callable[[], bytes]) -> None:
        self.serving: Serving | None = None
        self.exporter: Exporter | None = None
        self.draining = False
        self._document = document
        self._started_s = time.time()
        self._port = HttpPort(self.answer)
        self._making = asyncio.Lock()
        self._routes: Final = {
            "/healthz": Route("GET", False, self._health),
            "/readyz": Route("GET", False, self._ready),
            "/metrics": Route("GET", False, self._metrics),
            "/stats": Route("GET", True, self._stats),
            "/state": Route("GET", True, self._state),
            "/config": Route("GET", True, self._config),
            "/slowlog": Route("GET", True, self._slowlog),
            "/reload": Route("POST", True, self._reload),
        }

    async def open(self, metrics: socket.socket | None) -> None:
        """Listen on the metrics port, and where our own commands look for us."""
        if metrics:
            await self._port.open(metrics)
        if sys.platform == "linux":
            own = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                own.bind(adminname.name(os.getpid()))
            except OSError as failure:
                own.close()
                log.warn("no admin socket: %s", failure.strerror)
                return
            own.listen(BACKLOG)
            own.setblocking(False)
            await self._port.open(own)

    def close(self) -> None:
        """Answer no more."""
        self._port.close()

    async def answer(self, request: Request) -> Response:
        """Find the row of a question and answer it, or say why not."""
        route = self._routes.get(request.path)
        if route is None:
            return Response(404, f"there is {' '.join(self._routes)}\n".encode())
        asked = "GET" if request.method == "HEAD" else request.method
        if asked != route.method:
            return Response(405, f"expected {route.method}\n".encode())
        if route.private and not request.local:
            return Response(403, FOR_OURS)
        return await route.answer(request)

    def silent_workers(self) -> list[int]:
        """List the workers whose loop does not turn."""
        if not self.serving:
            return []
        now_ms = time.monotonic_ns() // 1_000_000
        at = PROCESS_BLOCK * BLOCK_SLOTS + HEARTBEAT
        return [
            index
            for index, view in enumerate(self.serving.views)
            if now_ms - view[at] > MAX_SILENCE_MS
        ]

    async def _health(self, _: Request) -> Response:
        silent = self.silent_workers()
        if silent:
            return Response(503, f"worker {silent[0]} is silent\n".encode())
        return Response(200, b"ok\n")

    async def _ready(self, _: Request) -> Response:
        if self.draining:
            return Response(503, b"draining\n")
        if not self.serving or not self.serving.workers.all_ready:
            return Response(503, b"starting\n")
        return Response(200, b"ok\n")

    async def _metrics(self, request: Request) -> Response:
        if not self.exporter:
            return Response(404, b"no metrics, start with --metrics-port\n")
        page = partial(_page, self.exporter, request.headers.get("accept", ""))
        return await self._make(page)

    async def _stats(self, _: Request) -> Response:
        return Response(200, self._document(), JSON)

    async def _state(self, _: Request) -> Response:
        """Give the stats document, and the times of every pool and server."""
        return await self._make(self._whole)

    def _whole(self, now: Snapshot) -> Response:
        document = json.loads(self._document())
        return _json({"stats": document, "histograms": _histograms(now)})

    async def _config(self, _: Request) -> Response:
        if not self.serving:
            return Response(503, b"starting\n")
        config = redacted(self.serving.reloader.setup.config)
        return _json([plain(pool) for pool in config.pools])

    async def _slowlog(self, _: Request) -> Response:
        entries = await self.serving.workers.slowlog() if self.serving else []
        disclosure = importlib.import_module(DISCLOSURE)
        return _json([disclosure.disclosed(entry) for entry in entries])

    async def _reload(self, _: Request) -> Response:
        if not self.serving or self.draining:
            return Response(503, b"not serving\n")
        reloader = self.serving.reloader
        reason = await reloader.verdict()
        answer = {
            "reloaded": not reason,
            "reason": reason,
            "generation": reloader.setup.generation,
        }
        return _json(answer, 409 if reason else 200)

    async def _make(self, make: Callable[[Snapshot], Response]) -> Response:
        """Make an answer of many servers off the loop, one at a time.

        Who asks may go; the next is begun when the thread has ended all the same.
        """
        await self._making.acquire()
        made = asyncio.ensure_future(in_thread(partial(make, self._snapshot())))
        made.add_done_callback(lambda _: self._making.release())
        return await asyncio.shield(made)

    def _snapshot(self) -> Snapshot:
        serving = self.serving
        setup = serving.reloader.setup if serving else None
        return Snapshot(
            setup.blocks if setup else (),
            serving.views if serving else (),
            setup.generation if setup else 0,
            serving.reloader.failures if serving else 0,
            self._started_s,
            time.monotonic_ns() // 1_000_000,
        )


def load_exporter() -> Exporter:
    """Import what writes metrics pages, now that it was asked for."""
    try:
        module: Any = importlib.import_module(EXPORTER)
    except ModuleNotFoundError as missing:
        raise ConfigError(
            f"--metrics-port needs {missing.name}: pip install 'twemproxy[metrics]'"
        ) from missing
    exporter: Exporter = module
    return exporter


def _page(exporter: Exporter, accept: str, now: Snapshot) -> Response:
    """Write a metrics page in the format that is wanted."""
    return Response(200, *exporter.page(now, accept))


def _histograms(now: Snapshot) -> dict[str, dict[str, Any]]:
    """Add up the histograms of every pool and of its servers."""
    return {
        pool.name: {
            "times": _times(pool.block, REQUEST_TIMES, now.views),
            "servers": {
                server.label: _times(server.block, SERVER_TIMES, now.views)
                for server in pool.servers
            },
        }
        for pool in now.pools
    }


def _times(
    block: int, histograms: Sequence[Histogram], views: Sequence[memoryview]
) -> dict[str, list[int]]:
    """Add up each histogram of a pool or server."""
    return {row.name: times(block, [row], views) for row in histograms}


def _json(value: Any, status: int = 200) -> Response:
    return Response(status, json.dumps(value).encode() + b"\n", JSON)
