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

    def put(self, number: int, value: int) -> None:
        """Set a slot."""
        self.slots[self.at + number] = value

    def get(self, number: int) -> int:
        """Return what a slot holds."""
        return self.slots[self.at + number]

    def observe(self, time_us: int) -> None:
        """Count a time in the histogram: bucket i holds times below 2**i µs."""
        self.slots[self.at + slot.TIME_SUM] += time_us
        bucket = 0
        while time_us > 0 and bucket < slot.BUCKETS - 1:
            time_us >>= 1
            bucket += 1
        self.slots[self.at + slot.HISTOGRAM + bucket] += 1
