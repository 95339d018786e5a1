"""Times in buckets of powers of two microseconds: add up, compare, estimate.

Bucket i counts the times below 16 * 2**i µs that no lower bucket counts; the last one
has all that are longer. Adding a time costs the hot path no division and no
allocation, and the error of an estimate is less than a factor of two, which is enough
to tell a slow server from a quick one.
"""

from collections.abc import Iterable, Sequence

from twemproxy.stats.metrics import (
    BLOCK_SLOTS,
    FIRST_BOUND_US,
    HISTOGRAM_BUCKETS,
    Histogram,
)


def times(
    block: int, histograms: Iterable[Histogram], views: Sequence[memoryview]
) -> list[int]:
    """Add up histograms of one pool or server over all workers."""
    counts = [0] * HISTOGRAM_BUCKETS
    for histogram in histograms:
        first = block * BLOCK_SLOTS + histogram.slot + 1
        for view in views:
            for i in range(HISTOGRAM_BUCKETS):
                counts[i] += view[first + i]
    return counts


def time_sum_us(block: int, histogram: Histogram, views: Sequence[memoryview]) -> int:
    """Add up all times in a histogram of one pool or server over all workers."""
    return sum(view[block * BLOCK_SLOTS + histogram.slot] for view in views)


def bound_us(bucket: int) -> int:
    """Return what the times in a bucket stay below."""
    return FIRST_BOUND_US << bucket


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
