"""`nutcracker top`: pools, servers and slow requests of a running proxy, live."""

import argparse
import importlib
import math
import os
import time
from collections.abc import Callable
from typing import Any, Final

from twemproxy.console.answers import SLOWLOG, STATE
from twemproxy.console.running import (
    Running,
    Unreachable,
    add_running_words,
    find_running,
)
from twemproxy.console.words import complain, words

MIN_INTERVAL_S: Final = 0.1
STREAMS: Final = (0, 1, 2)  # keys come from the first; textual draws on the last


class Source:
    """What the screen asks the proxy time after time, after a restart its successor."""

    def __init__(self, find: Callable[[], Running]) -> None:
        """Ask the proxy that is found, and another one once that is gone."""
        self._find = find
        self._running = find()
        self.name = str(self._running)

    def state(self) -> tuple[float, dict[str, Any]]:
        """Return the state, and when it was."""
        try:
            state = self._running.get("/state", STATE)
        except (OSError, Unreachable):
            self._running = self._find()
            state = self._running.get("/state", STATE)
        return time.monotonic(), state

    def slow(self) -> list[dict[str, Any]]:
        """Return the slow requests of all workers, the latest last."""
        slow: list[dict[str, Any]] = self._running.get("/slowlog", SLOWLOG)
        return slow


def main(argv: list[str]) -> int:
    """Show until the user has seen enough."""
    parser = words("top", __doc__ or "", as_json=False)
    parser.add_argument(
        *("-i", "--interval"),
        type=_interval,
        default=1.0,
        metavar="S",
        help="seconds between two looks",
    )
    add_running_words(parser)
    asked = parser.parse_args(argv)
    try:
        screen: Any = importlib.import_module("twemproxy.console.screen")
    except ModuleNotFoundError as missing:
        return complain(f"top needs {missing.name}: pip install 'twemproxy[top]'")
    if not all(map(os.isatty, STREAMS)):
        return complain(
            "top needs a terminal, as its stderr too; nutcracker stats needs none"
        )
    try:
        source = Source(lambda: find_running(asked))
        source.state()  # rather a message now than an empty screen
    except (OSError, Unreachable) as failure:
        return complain(str(failure))
    shown = screen.Screen(source, asked.interval)
    shown.run()
    return int(shown.return_code or 0)


def _interval(text: str) -> float:
    """Read a time that can pass between two looks."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not (math.isfinite(seconds) and seconds >= MIN_INTERVAL_S):
        raise argparse.ArgumentTypeError(
            f"found '{text}', expected seconds from {MIN_INTERVAL_S}"
        )
    return seconds
