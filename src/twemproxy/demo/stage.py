"""Sets the scene, runs the show, clears the stage."""

import argparse
import asyncio
import json
import shlex
import signal
import sys
import tempfile
from collections.abc import Coroutine, Sequence
from contextlib import AbstractContextManager, ExitStack
from importlib import import_module
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from typing import Any, Final, Protocol

from twemproxy.console.words import FAILED, Words
from twemproxy.demo.backends import memcached_backends, valkey_backends
from twemproxy.demo.episode import Episode
from twemproxy.demo.front import Pool, Proxy, own_command
from twemproxy.demo.lines import Lines, summary
from twemproxy.demo.monitor import Look, Monitor
from twemproxy.demo.processes import DemoError, free_port

DRAW_S: Final = 0.25
WARM_UP_S: Final = 2.5
PAUSE_S: Final = 8.0
CLIENTS: Final = 8


class View(Protocol):
    """A way of showing the demo."""

    def draw(self, look: Look) -> None:
        """Show the figures of the last second."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; 0 if everything went as it should, else 1."""
    options = parse(argv)
    try:
        with tempfile.TemporaryDirectory(prefix="nutcracker-demo-") as folder:
            return asyncio.run(perform(options, Path(folder)))
    except DemoError as error:
        print(f"nutcracker demo: {error}", file=sys.stderr)
        return FAILED


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = Words(
        prog="nutcracker demo",
        description="Start real servers with the proxy in front, send traffic, "
        "let a server fail and return, and show it live.",
    )
    parser.add_argument(
        "--once",
        action="store_true",
        help="show one failure and return, print a summary, exit",
    )
    parser.add_argument("--seconds", type=float, help="end after so many seconds")
    parser.add_argument(
        "--rate",
        type=int,
        default=8000,
        help="requests per second to offer, 0 for no limit (default %(default)s)",
    )
    parser.add_argument(
        "--servers",
        type=int,
        choices=range(2, 17),
        metavar="N",
        default=4,
        help="Valkey servers, 2 to 16 (default %(default)s)",
    )
    parser.add_argument(
        "--plain", action="store_true", help="lines instead of a screen"
    )
    parser.add_argument(
        "--proxy", default=shlex.join(own_command()), help=argparse.SUPPRESS
    )
    return parser.parse_args(argv)


async def perform(options: argparse.Namespace, folder: Path) -> int:
    """Set up, play until the end or a signal, take down."""
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    with ExitStack() as stage:
        pools = start_backends(options.servers, folder, stage)
        proxy = Proxy(shlex.split(options.proxy), pools, folder)
        stage.callback(proxy.process.stop)
        monitor = Monitor(proxy)
        episode = Episode(monitor, pools[0])
        ports = {"redis" if pool.redis else "memcached": pool.port for pool in pools}
        traffic = [json.dumps(ports), str(CLIENTS), str(options.rate)]
        with choose_view(options, proxy, monitor, episode) as view:
            await first_of(
                options.seconds,
                monitor.follow(traffic),
                tell(episode, pools[0], once=options.once),
                draw(view, monitor),
                ended.wait(),
            )
        return close(monitor, episode, once=options.once)


def start_backends(count: int, folder: Path, stage: ExitStack) -> list[Pool]:
    """Start all servers; `stage` stops them, also when a later one fails."""
    pools = []
    for name, redis, backends in (
        ("redis", True, valkey_backends(count, folder)),
        ("memcached", False, memcached_backends(2, folder)),
    ):
        for backend in backends:
            stage.callback(backend.stop)
            backend.start()
        if backends:
            pools.append(Pool(name, redis, free_port(), backends))
    return pools


def choose_view(
    options: argparse.Namespace, proxy: Proxy, monitor: Monitor, episode: Episode
) -> AbstractContextManager[View]:
    """Return a screen on a terminal where rich is installed, else lines."""
    if options.plain or not sys.stdout.isatty() or find_spec("rich") is None:
        return Lines(proxy, episode)
    screen = import_module("twemproxy.demo.screen")  # rich comes with the demo extra
    view: AbstractContextManager[View] = screen.Screen(proxy, monitor, episode)
    return view


async def first_of(seconds: float | None, *parts: Coroutine[Any, Any, object]) -> None:
    """Run `parts` until one ends or the time is up; raise what it raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    done, pending = await asyncio.wait(
        tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
    )
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()


async def tell(episode: Episode, pool: Pool, *, once: bool) -> None:
    """Let the servers of `pool` fail in turn, or only the second one."""
    await asyncio.sleep(WARM_UP_S)
    for backend in cycle([*pool.backends[1:], pool.backends[0]]):
        await episode.play(backend)
        if once:
            return
        await asyncio.sleep(PAUSE_S)


async def draw(view: View, monitor: Monitor) -> None:
    """Show a look four times a second."""
    while True:
        view.draw(monitor.look())
        await asyncio.sleep(DRAW_S)


def close(monitor: Monitor, episode: Episode, *, once: bool) -> int:
    """Print the summary and the verdict; return the exit status."""
    print(*summary(monitor, episode), sep="\n")
    faults = []
    if not monitor.total.hits:
        faults.append("no key was ever found")
    if monitor.total.wrong:
        faults.append(f"wrong replies, the last: {monitor.total.example}")
    if monitor.unexpected_errors:
        faults.append(
            f"{monitor.unexpected_errors} errors while all servers were up, "
            f"the last: {monitor.total.example}"
        )
    if once and not episode.played:
        faults.append("the episode was not played to its end")
    print("result    ", "; ".join(faults) or "ok")
    return 1 if faults else 0
