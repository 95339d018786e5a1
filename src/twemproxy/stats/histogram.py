"""Times in buckets of powers of two microseconds: add up, compare, estimate.

Bucket i counts the times below 2**i µs that no lower bucket counts; the last one has
all that are longer. Adding a time costs the hot path no division and no allocation,
and the error of an estimate is less than a factor of two, which is enough to tell a
slow server from a quick one.
"""

from collections.abc import Sequence

from twemproxy.stats.metrics import (
    BLOCK_SLOTS,
    HISTOGRAM_BUCKETS,
    HISTOGRAM_SLOT,
    HISTOGRAM_SUM_SLOT,
)


def times(block: int, views: Sequence[memoryview]) -> list[int]:
    """Add up the histogram of one pool or server over all workers."""
    first = block * BLOCK_SLOTS + HISTOGRAM_SLOT
    return [sum(view[first + i] for view in views) for i in range(HISTOGRAM_BUCKETS)]


def time_sum_us(block: int, views: Sequence[memoryview]) -> int:
    """Add up all times of one pool or server over all workers."""
    return sum(view[block * BLOCK_SLOTS + HISTOGRAM_SUM_SLOT] for view in views)


def bound_us(bucket: int) -> int:
    """Return what the times in a bucket stay below."""
    return int(1 << bucket)


def quantile_us(buckets: Sequence[int], share: float) -> float | None:
    """Estimate the time that this share of all stays below; None without any.

    Within a bucket times are taken as spread evenly.
    """
    wanted = share * sum(buckets)
    if not wanted:
        return None
    below = 0
    for i, count in enumerate(buckets):
        if count and below + count >= wanted:
            low = bound_us(i - 1) if i else 0
            return low + (bound_us(i) - low) * (wanted - below) / count
        below += count
    return float(bound_us(len(buckets)))
