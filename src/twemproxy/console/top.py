"""`nutcracker top`: pools, servers and slow requests of a running proxy, live."""

import importlib
import time
from typing import Any

from twemproxy.console.running import (
    Running,
    Unreachable,
    add_running_words,
    find_running,
)
from twemproxy.console.words import complain, words


class Source:
    """What the screen asks the proxy, time after time."""

    def __init__(self, running: Running) -> None:
        """Ask this proxy."""
        self._running = running
        self.name = str(running)

    def state(self) -> tuple[float, dict[str, Any]]:
        """Return the state, and when it was."""
        state: dict[str, Any] = self._running.get("/state")
        return time.monotonic(), state

    def slow(self) -> list[dict[str, Any]]:
        """Return the slow requests of all workers, the latest last."""
        entries: list[dict[str, Any]] = self._running.get("/slowlog")
        return entries


def main(argv: list[str]) -> int:
    """Show until the user has seen enough."""
    parser = words("top", __doc__ or "", as_json=False)
    parser.add_argument(
        "-i", "--interval", type=float, default=1.0, help="seconds between two looks"
    )
    add_running_words(parser)
    asked = parser.parse_args(argv)
    try:
        screen: Any = importlib.import_module("twemproxy.console.screen")
    except ModuleNotFoundError as missing:
        return complain(f"top needs {missing.name}: pip install 'twemproxy[top]'")
    try:
        source = Source(find_running(asked))
        source.state()  # rather a message now than an empty screen
    except (OSError, Unreachable) as failure:
        return complain(str(failure))
    screen.Screen(source, asked.interval).run()
    return 0
