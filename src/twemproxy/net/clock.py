"""The time of the loop, interpreted: the twin of ``clock.pyx``."""

import time


def monotonic_us() -> int:
    """Return microseconds since some fixed moment; never goes back."""
    return time.monotonic_ns() // 1000
