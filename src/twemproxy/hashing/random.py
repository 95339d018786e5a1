"""Random: any live server, whatever the key and the weights.

Meant for servers that are all alike, such as a row of further proxies.
"""

import os
from array import array

from twemproxy.hashing.continuum import Continuum

MASK = 0xFFFFFFFF  # typed: a bare literal this large stays a Python int


class Random(Continuum):
    """`owners` are the live servers; `state` is never zero."""

    __slots__ = ("owners", "size", "state")

    def __init__(self, size: int) -> None:
        """Start with every server live."""
        self.size = size
        self.state = int.from_bytes(os.urandom(4), "little") | 1
        self.rebuild([True] * size)

    def rebuild(self, live: list[bool]) -> None:
        """Draw among the live servers alone."""
        self.owners = array("I", [i for i in range(self.size) if live[i]])

    def owner(self, h: int) -> int:
        """Draw a server; the hash does not matter."""
        return self.owners[self._draw() % len(self.owners)]

    def point(self, h: int) -> int:
        """Return 0: there are no points."""
        return 0

    def _draw(self) -> int:
        """Step a 32-bit xorshift generator; cheap is all it has to be."""
        self.state ^= self.state << 13 & MASK
        self.state ^= self.state >> 17
        self.state ^= self.state << 5 & MASK
        return self.state
