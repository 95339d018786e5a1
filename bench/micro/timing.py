"""The clock of the small benchmarks."""

import time
import timeit
from collections.abc import Callable

from twemproxy.hashing import hashes

REPEATS = 5


def nanoseconds(call: Callable[[], object]) -> float:
    """Return the best mean of a few rounds, the call from Python included."""
    timer = timeit.Timer(call)
    number, _ = timer.autorange()
    return min(timer.repeat(REPEATS, number // 4 + 1)) / (number // 4 + 1) * 1e9


def milliseconds(call: Callable[[], object]) -> float:
    """Return the best of a few single calls."""
    spent = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        call()
        spent.append(time.perf_counter() - started)
    return min(spent) * 1e3


def heading() -> str:
    """Tell what runs, and what a call costs that does nothing."""
    mode = "interpreted" if hashes.__file__.endswith(".py") else "compiled"
    empty = nanoseconds(lambda: len(b""))
    return f"{mode}; ns include the call from Python: {empty:.0f} for an empty one"
