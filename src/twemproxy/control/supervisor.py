"""The process that starts, watches and ends everything, and never touches a request.

    log, daemon, pid file ▸ configuration ▸ stats port ▸ listeners ▸ workers
    ▸ serve, reload … ▸ drain ▸ stop

The order up to the workers is the C program's, so that what fails first there fails
first here, with its words and its exit status.
"""

# isort: off
from twemproxy.control import slim  # noqa: F401 # has to come before asyncio
# isort: on

import asyncio
import enum
import os
import platform
import select
import signal
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from setproctitle import setproctitle, setthreadtitle

from twemproxy import log
from twemproxy.config.load import load
from twemproxy.config.model import Config
from twemproxy.config.problems import ConfigFileError
from twemproxy.control import (
    activation,
    cores,
    daemon,
    notify,
    pidfile,
    signals,
    sockets,
)
from twemproxy.control.descriptors import require_few, share_out
from twemproxy.control.monitoring import Monitoring
from twemproxy.control.options import Options
from twemproxy.control.reload import Reloader, explain, in_words
from twemproxy.control.resolve import Resolver
from twemproxy.control.setup import Setup
from twemproxy.control.threads import in_thread
from twemproxy.control.watch import Watch
from twemproxy.control.workers import COMMAND, Worker, Workers
from twemproxy.errors import ConfigError
from twemproxy.stats.regions import Blocks, Region
from twemproxy.version import COMPATIBLE, VERSION

PULSE_S: Final = 1.0  # between two looks at the workers' heartbeats
INVALID: Final = "nutcracker: configuration file '{}' syntax is invalid"


class Ending(enum.Enum):
    """Why we end; the value is the exit status, negative for death of a signal."""

    DRAINED = 0
    INTERRUPTED = 1
    FAILED = 2  # shown as 1, but after an orderly end
    TERMINATED = -signal.SIGTERM


def run(options: Options, command: Sequence[str] = COMMAND) -> int:
    """Run until told to end; the exit status."""
    daemon.fill_standard_streams()
    listeners = sockets.Listeners(activation.inherited())
    try:
        log.open(options.output, options.verbosity, options.log_json)
    except OSError as failure:
        reason = os.strerror(failure.errno or 0)
        log.complain(f"opening log file '{options.output}' failed: {reason}")
        return 1
    log.trace_crashes()
    if options.daemonize:
        daemon.detach()
    setproctitle(f"nutcracker: supervisor ({options.conf_file})")
    # pidof, pgrep -x and killall find who takes the signals, as with the C program.
    setthreadtitle("nutcracker")
    runner = asyncio.Runner()
    try:
        require_few()  # which a loop half made would complain of in its own words
        runner.get_loop()
    except OSError as failure:
        log.error("cannot start: %s", in_words(failure))
        return 1
    with runner:
        ending = runner.run(Supervisor(options, listeners, command).live())
    log.flush()
    if ending.value < 0:
        signals.die_of(signal.Signals(-ending.value))
        return 128 - ending.value  # the first process of a container cannot die so
    return 0 if ending is Ending.DRAINED else 1


class Supervisor:
    """One life, from the pid file to the last worker's end."""

    def __init__(
        self,
        options: Options,
        listeners: sockets.Listeners,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._options = options
        self._command = command
        self._ending: asyncio.Future[Ending]
        self._listeners = listeners
        self._workers: Workers | None = None
        self._reloader: Reloader | None = None
        self._monitoring = Monitoring()
        self._watch = Watch(options.conf_file) if options.watch else None
        self._resolver = Resolver()
        self._former = 0  # whose pid file we took, until we serve
        self._asked_early = False  # to reload, when nothing could be reloaded yet
        self._tasks: set[asyncio.Task[Any]] = set()

    async def live(self) -> Ending:
        """Start, serve until the ending is known, stop."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_on_bug)
        self._ending = loop.create_future()
        self._bind_signals()
        written = await self._write_pid()
        if written:
            _log_start()
            ending = await self._last()
        else:
            ending = self._ending.result()
        signals.ignore()
        return ending

    async def _last(self) -> Ending:
        """Begin, and go on until everything was given back."""
        beginning = self._spawn(self._begin())
        ending = await self._ending
        if ending is Ending.DRAINED:
            beginning.cancel()
            ending = await self._drain()
        await self._stop(ending)
        return ending

    def on_question(self, worker: Worker, host: str) -> None:
        """Find the addresses of `host` and tell them to `worker`."""
        self._spawn(self._answer(worker, host))

    def on_give_up(self, reason: str) -> None:
        """End, workers cannot be kept alive."""
        log.error("%s", reason)
        self._end(Ending.FAILED)

    # Starting.

    def _bind_signals(self) -> None:
        signals.install(
            {
                signal.SIGHUP: self._reopen_logs,
                signal.SIGTTIN: partial(self._shift_level, 1),
                signal.SIGTTOU: partial(self._shift_level, -1),
                signal.SIGINT: partial(self._end, Ending.INTERRUPTED),
                signal.SIGTERM: partial(self._end, Ending.DRAINED),
                signal.SIGUSR1: self._reload,
            }
        )

    async def _write_pid(self) -> bool:
        """Write the pid file; False when that or a signal ends us."""
        path = self._options.pid_file
        if not path:
            return True
        # In a thread: a pipe may wait for its reader for ever.
        writing = self._spawn(in_thread(partial(pidfile.write, path)))
        await asyncio.wait({writing, self._ending}, return_when=asyncio.FIRST_COMPLETED)
        if not writing.done():
            return False
        try:
            self._former = writing.result()
        except OSError as failure:
            reason = os.strerror(failure.errno or 0)
            log.error("opening pid file '%s' failed: %s", path, reason)
            self._end(Ending.FAILED)
            return False
        return True

    async def _begin(self) -> None:
        """Do everything that can fail; then we serve."""
        try:
            # In a thread, as a signal ends us also where a pipe or a server is awaited.
            config = await in_thread(self._load)
            await self._open(config)
        except ConfigError as failure:
            for line in explain(failure):
                log.error("%s", line)
            if isinstance(failure, ConfigFileError) and failure.readable:
                log.complain(INVALID.format(self._options.conf_file))
            self._end(Ending.FAILED)
        except Exception as bug:  # the edge of a task: end, do not hang half started
            log.error("cannot start: %s", in_words(bug))
            self._end(Ending.FAILED)

    def _load(self) -> Config:
        """Read the file, in a thread; that it has changed is no news then."""
        if self._watch:
            self._watch.note()
        return load(self._options.conf_file)

    async def _open(self, config: Config) -> None:
        limits = share_out(config)
        log.notice(
            "max fds %d max client conns %d max server conns %d",
            *(limits.max_fds, limits.max_clients, limits.max_servers),
        )
        blocks = Blocks(config)
        count = self._options.workers or cores.usable()
        regions = [Region(blocks.count) for _ in range(count)]
        await self._monitoring.open(self._options, regions)
        missing = self._listeners.missing(config)
        places = await in_thread(partial(sockets.look_up, missing))
        found, _ = self._listeners.cover(config, places)
        setup = Setup(
            1,
            config,
            blocks.assign(config, regions),
            tuple(found[pool.name] for pool in config.pools),
            limits.max_clients,
        )
        poller = self._options.poller or best_poller()
        self._workers = Workers(regions, self._process, self, poller, self._command)
        self._reloader = Reloader(
            self._load,
            self._listeners,
            blocks,
            regions,
            setup,
        )
        self._monitoring.show(self._reloader)
        if self._asked_early:  # the file may have changed since it was read
            self._reloader.request()
        reason = await self._workers.start(setup)
        if reason:
            raise ConfigError(reason)
        self._former = 0
        self._reloader.begin(self._workers)
        self._monitoring.begin(self._reloader, self._workers)
        _log_listeners(setup)
        notify.tell("READY=1", f"STATUS={count} workers serve")
        self._spawn(self._pulse())

    # Serving.

    def _process(self) -> dict[str, object]:
        """Tell a worker what it must know besides pools."""
        return {
            "mbuf_size": self._options.mbuf_size,
            "log_level": log.level(),
            "log_path": self._options.output,
            "log_json": self._options.log_json,
        }

    async def _pulse(self) -> None:
        """Feed the watchdog while all workers' loops turn, or log who is silent."""
        interval_s = notify.watchdog_s()
        silent: set[int] = set()
        while True:
            await asyncio.sleep(min(PULSE_S, interval_s or PULSE_S))
            log.flush()
            before, silent = silent, set(self._monitoring.silent_workers())
            for index in sorted(silent - before):
                log.error("worker %d is silent, its loop does not turn", index)
            if interval_s and not silent:
                notify.tell("WATCHDOG=1")
            if self._watch and self._watch.changed():
                log.notice("the configuration file has changed")
                self._reload()

    async def _answer(self, worker: Worker, host: str) -> None:
        answer = await self._resolver.resolve(host)
        if worker.channel:
            worker.channel.send(
                {
                    "op": "resolved",
                    "host": host,
                    "addresses": answer.addresses,
                    "ttl_ms": int(answer.ttl_s * 1000),
                }
            )

    def _reload(self) -> None:
        if self._reloader and not self._ending.done():
            self._reloader.request()
        self._asked_early = self._reloader is None

    def _reopen_logs(self) -> None:
        log.reopen()
        if self._workers:
            self._workers.tell({"op": "log_reopen"})

    def _shift_level(self, step: int) -> None:
        before = log.level()
        log.set_level(before + step)
        if log.level() == before:
            return
        log.signal(f"{'up' if step > 0 else 'down'} log level to {log.level()}")
        if self._workers:
            self._workers.tell({"op": "log_level", "level": log.level()})

    # Ending.

    def _end(self, ending: Ending) -> None:
        if not self._ending.done():
            self._ending.set_result(ending)

    async def _drain(self) -> Ending:
        """Serve what is owed, no new clients; a second signal cuts it short."""
        notify.tell("STOPPING=1")
        cut: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        _bind_cut(signal.SIGINT, cut, Ending.INTERRUPTED)
        _bind_cut(signal.SIGTERM, cut, Ending.TERMINATED)
        if self._reloader:
            self._reloader.cancel()
        self._listeners.close()
        self._monitoring.drain()
        if self._workers is None or not self._workers.pids:
            return Ending.DRAINED
        drained = self._spawn(self._workers.drain(self._options.drain_timeout_s))
        await asyncio.wait({drained, cut}, return_when=asyncio.FIRST_COMPLETED)
        if cut.done():
            return cut.result()
        if not drained.result():
            log.warn("drain took too long, closing what is left")
        return Ending.DRAINED

    async def _stop(self, ending: Ending) -> None:
        """Give everything back; at once when a signal says so."""
        for task in self._tasks:
            task.cancel()
        self._listeners.close()
        if self._workers and ending in (Ending.INTERRUPTED, Ending.TERMINATED):
            self._workers.kill()
        elif self._workers:
            await self._workers.stop()
        self._monitoring.close()
        if self._options.pid_file:
            pidfile.remove(self._options.pid_file, self._former)
        if ending in (Ending.DRAINED, Ending.FAILED):
            log.always("done, rabbit done")

    def _spawn(self, work: Any) -> "asyncio.Task[Any]":
        """Run `work` beside us, and keep it from being collected."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def best_poller() -> str:
    """Name the poller of this system."""
    return "epoll" if hasattr(select, "epoll") else "portable"


def _bind_cut(
    number: signal.Signals, cut: "asyncio.Future[Ending]", ending: Ending
) -> None:
    def act() -> None:
        if not cut.done():
            cut.set_result(ending)

    signals.bind(number, ", exiting", act)


def _log_start() -> None:
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    log.always(
        f"nutcracker-{COMPATIBLE} built for {system} started on pid {os.getpid()}"
    )
    log.always("run, rabbit run / dig that hole, forget the sun")
    log.notice(f"twemproxy {VERSION}, Python {platform.python_version()}")


def _log_listeners(setup: Setup) -> None:
    pairs = zip(setup.config.pools, setup.listeners, strict=True)
    for index, (pool, listener) in enumerate(pairs):
        log.notice(
            f"p {listener.socket.fileno()} listening on '{pool.listen.text}' in "
            f"{'redis' if pool.redis else 'memcache'} pool {index} '{pool.name}' "
            f"with {len(pool.servers)} servers"
        )


def _on_bug(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what a callback of ours raised; the proxy goes on."""
    log.error("%s: %r", context.get("message"), context.get("exception"))
