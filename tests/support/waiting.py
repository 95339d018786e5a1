"""Wait on an observable with a deadline; never sleep and hope."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Value = TypeVar("Value")

PATIENCE_S = 10.0
FIRST_PAUSE_S = 0.001
LAST_PAUSE_S = 0.02


def wait_until(
    observe: Callable[[], Value], what: str, patience_s: float = PATIENCE_S
) -> Value:
    """Return the first true value that `observe` gives, or fail naming `what`."""
    deadline = time.monotonic() + patience_s
    pause_s = FIRST_PAUSE_S
    while True:
        value = observe()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise TimeoutError(f"waited {patience_s} s for {what}, last saw {value!r}")
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LAST_PAUSE_S)


def text_of(path: Path) -> str:
    """Return what a file says so far, nothing while it is not there."""
    return path.read_text() if path.exists() else ""
