"""Take the configuration file again without dropping anybody, or change nothing.

The file is read and checked first, then its new listeners are bound, and only then are
the workers told. If one of them refuses, all are told to go back. What is no longer
wanted is closed last, so at no moment is a surviving address without a listener.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from twemproxy import limits, log
from twemproxy.config.model import Config
from twemproxy.config.problems import ConfigFileError
from twemproxy.control import notify
from twemproxy.control.descriptors import share_out
from twemproxy.control.setup import Setup
from twemproxy.control.sockets import Address, Listeners, Place, look_up
from twemproxy.control.threads import in_thread
from twemproxy.control.workers import Workers
from twemproxy.errors import ConfigError
from twemproxy.stats.regions import Blocks, Region

READ_PATIENCE_S: Final = limits.READ_PATIENCE_S
ENDING: Final = "the proxy ends"  # what answers who waits for a reload then


class Reloader:
    """Holds the setup in force; one reload at a time, asked for as often as liked."""

    def __init__(
        self,
        load: Callable[[], Config],
        listeners: Listeners,
        blocks: Blocks,
        regions: Sequence[Region],
        setup: Setup,
    ) -> None:
        self.setup = setup
        self._load = load
        self._listeners = listeners
        self._blocks = blocks
        self._regions = regions
        self._workers: Workers | None = None
        self.failures = 0  # reloads refused since the start
        self._wanted = False
        self._asked: list[asyncio.Future[str]] = []
        self._answered: list[asyncio.Future[str]] = []  # by the one that runs
        self._running: asyncio.Task[None] | None = None

    def begin(self, workers: Workers) -> None:
        """All serve: from now on reload, and do what was asked for before."""
        self._workers = workers
        if self._wanted:
            self.request()

    def request(self) -> None:
        """Reload soon; what is asked during a reload is done once after it."""
        self._wanted = True
        idle = self._running is None or self._running.done()
        if self._workers and idle:
            self._running = asyncio.create_task(self._run(self._workers))

    async def verdict(self) -> str:
        """Reload, and wait for it; "" or why nothing changed."""
        asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self.request()
        return await asked

    def cancel(self) -> None:
        """Reload no more: the end has come."""
        self._wanted = False
        for asked in (*self._asked, *self._answered):
            if not asked.done():
                asked.set_result(ENDING)
        if self._running:
            self._running.cancel()

    async def reload(self, workers: Workers) -> str:
        """Have all workers take the file as it is now; "" or why none did."""
        try:
            async with asyncio.timeout(READ_PATIENCE_S):
                config = await in_thread(self._load)
                missing = self._listeners.missing(config)
                places = await in_thread(partial(look_up, missing))
            setup, fresh = self._prepare(config, places)
        except ConfigError as failure:
            return "\n".join(explain(failure))
        except TimeoutError:
            return f"the configuration cannot be read within {READ_PATIENCE_S:g} s"
        reason = await workers.switch(setup)
        if reason:
            number = setup.generation + 1
            self.setup = self.setup._replace(generation=number)
            back = await workers.switch(self.setup)
            self._listeners.close(fresh)
            return f"{reason}; {back}" if back else reason
        self.setup = setup
        self._listeners.keep_only(config)
        return ""

    def _prepare(
        self, config: Config, places: dict[Address, Place]
    ) -> tuple[Setup, list[Address]]:
        blocks = self._blocks.assign(config, self._regions, self.setup.blocks)
        limits = share_out(config)
        found, fresh = self._listeners.cover(config, places)
        return (
            Setup(
                self.setup.generation + 1,
                config,
                blocks,
                tuple(found[pool.name] for pool in config.pools),
                limits.max_clients,
            ),
            fresh,
        )

    async def _run(self, workers: Workers) -> None:
        while self._wanted:
            self._wanted = False
            self._answered, self._asked = self._asked, []
            notify.reloading()
            log.always("reloading the configuration")
            reason = await self._attempt(workers)
            for line in reason.splitlines():
                log.error("%s", line)
            for asked in self._answered:
                if not asked.done():
                    asked.set_result(reason)
            if reason:
                self.failures += 1
                log.always("reload failed, the configuration in force stays")
            else:
                log.always("configuration %d in force", self.setup.generation)
            notify.tell("READY=1")

    async def _attempt(self, workers: Workers) -> str:
        """Reload; whatever fails, who asked for it gets an answer."""
        try:
            return await self.reload(workers)
        except Exception as bug:  # the edge of a task
            return f"cannot reload: {in_words(bug)}"


def explain(failure: ConfigError) -> list[str]:
    """Spell a refusal for the log: the C program's words, then every mistake."""
    if isinstance(failure, ConfigFileError):
        return [*failure.log_lines, *failure.report()]
    return str(failure).splitlines()


def in_words(bug: Exception) -> str:
    """Spell a failure that nobody expected: what the system says, or what it is."""
    if not isinstance(bug, OSError) or not bug.strerror:
        return repr(bug)
    return f"{bug.strerror}: '{bug.filename}'" if bug.filename else bug.strerror
