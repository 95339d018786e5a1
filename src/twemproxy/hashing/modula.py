"""Modula: the hash modulo the number of slots, a slot per unit of weight.

A server's slots lie side by side in placement order, so it is enough to keep each
one's last slot: a weight of a million costs as little as a weight of one.
"""

from array import array

from twemproxy.hashing.continuum import Continuum


class Modula(Continuum):
    """`last_slots` ascends; slot n belongs to the first entry that reaches n."""

    __slots__ = ("last_slots", "owners", "total", "weights")

    def __init__(self, weights: list[int]) -> None:
        """Start with every server live."""
        self.weights = weights
        self.rebuild([True] * len(weights))

    def rebuild(self, live: list[bool]) -> None:
        """Give slots to the live servers alone."""
        last_slots = array("I")
        owners = array("I")
        total = 0
        for index, weight in enumerate(self.weights):
            if live[index]:
                total = min(total + weight, 0xFFFFFFFF)
                last_slots.append(total - 1)
                owners.append(index)
        self.last_slots = last_slots
        self.owners = owners
        self.total = total

    def owner(self, h: int) -> int:
        """Return the server whose slots the hash falls into."""
        return self.owners[self._index(h % self.total)]

    def point(self, h: int) -> int:
        """Return the slot."""
        return h % self.total

    def _index(self, slot: int) -> int:
        """Return the first index whose last slot reaches `slot`: there is one."""
        low = 0
        high = len(self.last_slots)
        while low < high:
            middle = (low + high) >> 1
            if self.last_slots[middle] < slot:
                low = middle + 1
            else:
                high = middle
        return low
