"""What each signal does, and the line it leaves in the log."""

import asyncio
import signal
from collections.abc import Callable, Mapping
from typing import Final

from twemproxy import log

Action = Callable[[], None]

# What follows "signal N (NAME) received" in the line.
ROWS: Final[dict[signal.Signals, str]] = {
    signal.SIGHUP: ", reopening log file",
    signal.SIGTTIN: ", up logging level",
    signal.SIGTTOU: ", down logging level",
    signal.SIGINT: ", exiting",
    signal.SIGTERM: ", draining",
    signal.SIGUSR1: "",
    signal.SIGUSR2: "",
}


def install(actions: Mapping[signal.Signals, Action]) -> None:
    """Log every signal of the table and do its action, on the running loop."""
    for number, effect in ROWS.items():
        bind(number, effect, actions.get(number))


def bind(number: signal.Signals, effect: str, action: Action | None) -> None:
    """Give one signal its line and its action, in place of those it had."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(number, _on_signal, number, effect, action)


def ignore() -> None:
    """Heed none of the table from now on, nor die of it once the loop is closed."""
    loop = asyncio.get_running_loop()
    signal.pthread_sigmask(signal.SIG_BLOCK, ROWS)
    for number in ROWS:
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ROWS)


def die_of(number: signal.Signals) -> None:
    """End as an untouched signal would, so that whoever waits sees which."""
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def _on_signal(number: signal.Signals, effect: str, action: Action | None) -> None:
    log.signal(f"signal {number.value} ({number.name}) received{effect}")
    if action:
        action()
