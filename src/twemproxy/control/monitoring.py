"""The ports on which the supervisor tells how the proxy does.

    stats port      the document, as of the C program; closed when a drain begins
    metrics port    metrics and health checks, where one was asked for
    admin socket    what our own commands ask

All listen before anybody serves, so a port that is taken ends the start.
"""

import socket
import time
from collections.abc import Sequence

from twemproxy import log
from twemproxy.control.admin import Admin, Serving, load_exporter
from twemproxy.control.descriptors import peers
from twemproxy.control.options import Options
from twemproxy.control.reload import Reloader
from twemproxy.control.sockets import open_own
from twemproxy.control.workers import Workers
from twemproxy.stats.collect import Facts, document
from twemproxy.stats.port import MAX_READERS, StatsPort
from twemproxy.stats.regions import Region


class Monitoring:
    """All of them, opened together."""

    def __init__(self) -> None:
        self._started_s = time.monotonic()
        self._views: Sequence[memoryview] = ()
        self._stats: StatsPort | None = None
        self._admin = Admin(self._document)
        self._reloader: Reloader | None = None  # holds the setup in force

    async def open(self, options: Options, regions: Sequence[Region]) -> None:
        """Listen; ConfigError in the C program's words where that fails."""
        self._views = [region.view for region in regions]
        host, port = options.stats_addr, options.stats_port
        listener = open_own("stats server", host, port)
        self._stats = StatsPort(listener, self._document, peers(MAX_READERS))
        await self._stats.open()
        log.notice(
            "m %d listening on stats server '%s:%d'", listener.fileno(), host, port
        )
        metrics = self._open_metrics(options.metrics) if options.metrics else None
        await self._admin.open(metrics)

    def show(self, reloader: Reloader) -> None:
        """Tell of the pools in its setup, though nobody serves them yet."""
        self._reloader = reloader

    def begin(self, reloader: Reloader, workers: Workers) -> None:
        """Tell of those who serve from now on."""
        self._admin.serving = Serving(reloader, workers, self._views)

    def silent_workers(self) -> list[int]:
        """List the workers whose loop does not turn."""
        return self._admin.silent_workers()

    def drain(self) -> None:
        """Give the stats port to a successor, who may start now; tell of the drain."""
        self._admin.draining = True
        if self._stats:
            self._stats.close()

    def close(self) -> None:
        """Answer no more."""
        self._admin.close()
        if self._stats:
            self._stats.close()

    def _open_metrics(self, address: str) -> socket.socket:
        self._admin.exporter = load_exporter()
        host, _, port = address.rpartition(":")
        metrics = open_own("metrics", host, int(port))
        log.notice("m %d listening on metrics '%s:%s'", metrics.fileno(), host, port)
        return metrics

    def _document(self) -> bytes:
        setup = self._reloader.setup if self._reloader else None
        facts = Facts(
            socket.gethostname(),
            int(time.monotonic() - self._started_s),
            int(time.time()),
            len(self._views),
            setup.generation if setup else 0,
        )
        return document(facts, setup.blocks if setup else (), self._views)
