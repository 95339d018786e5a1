"""Counters in memory that a worker shares with the supervisor.

One writer per slot, aligned 64-bit stores, plain integer adds: the reader needs
no lock and a counter costs about a nanosecond.
"""

from twemproxy.stats import slot


class Block:
    """The slots of one process, pool or server."""

    __slots__ = ("at", "slots")

    def __init__(self, slots: memoryview, block: int) -> None:
        """Use block number `block` of `slots`, a memoryview of format ``q``."""
        self.slots = slots
        self.at = block * slot.SLOTS

    def add(self, number: int, amount: int) -> None:
        """Add to a slot; a gauge takes negative amounts too."""
        self.slots[self.at + number] += amount

    def add_two(self, number: int, amount: int, behind: int) -> None:
        """Add to a slot and to the one behind it: how many, and their bytes."""
        at = self.at + number
        self.slots[at] += amount
        self.slots[at + 1] += behind

    def put(self, number: int, value: int) -> None:
        """Set a slot."""
        self.slots[self.at + number] = value

    def get(self, number: int) -> int:
        """Return what a slot holds."""
        return self.slots[self.at + number]

    def observe(self, histogram: int, time_us: int) -> None:
        """Count a time in the histogram that begins in this slot."""
        at = self.at + histogram
        self.slots[at] += time_us
        self.slots[at + 1 + bucket_of(time_us)] += 1

    def observe_none(self, histogram: int, count: int) -> None:
        """Count so many times of nothing."""
        self.slots[self.at + histogram + 1] += count


def bucket_of(time_us: int) -> int:
    """Return the first bucket whose bound a time stays below.

    That is the number of binary digits, found by halving; a loop over them is slower.
    """
    rest = time_us >> slot.FIRST_POWER
    bucket = 0
    if rest >> (slot.BUCKETS - 2):
        return slot.BUCKETS - 1
    if rest >> 16:
        rest >>= 16
        bucket = 16
    if rest >> 8:
        rest >>= 8
        bucket += 8
    if rest >> 4:
        rest >>= 4
        bucket += 4
    if rest >> 2:
        rest >>= 2
        bucket += 2
    return bucket + 2 if rest >> 1 else bucket + rest
