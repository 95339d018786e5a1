"""The keys of one request, chained by the server that owns them.

    keys       a b c d e          server 0: a -> c -> d
    owners     0 1 0 0 1          server 1: b -> e

The scratch space is kept between requests.
"""

from array import array
from typing import Final

KEPT_KEYS: Final = 4096  # scratch space for more keys is not kept


class Chains:
    """The chains of one request at a time.

    Valid between `begin` and the next one: `first` is the first key of each
    server, -1 for none; `lengths` the number of its keys; `following` the next
    key of the same server, -1 for none; `owners` the server of each key.
    """

    __slots__ = ("first", "following", "last", "lengths", "owners", "room")

    def __init__(self) -> None:
        self.first = array("i")
        self.last = array("i")
        self.lengths = array("i")
        self.set_room(64)

    def set_room(self, keys: int) -> None:
        """Have scratch space for as many keys."""
        self.room = keys
        self.owners = array("i", bytes(4 * keys))
        self.following = array("i", bytes(4 * keys))

    def begin(self, servers: int, keys: int) -> None:
        """Forget the last request; the next has as many keys."""
        if len(self.first) != servers:
            self.first = array("i", bytes(4 * servers))
            self.last = array("i", bytes(4 * servers))
            self.lengths = array("i", bytes(4 * servers))
        if keys > self.room:
            self.set_room(2 * keys)
        for server in range(servers):
            self.first[server] = -1
            self.lengths[server] = 0

    def add(self, key: int, server: int) -> None:
        """Put the next key at the end of a server's chain."""
        self.owners[key] = server
        self.following[key] = -1
        if self.first[server] < 0:
            self.first[server] = key
        else:
            self.following[self.last[server]] = key
        self.last[server] = key
        self.lengths[server] += 1

    def shrink(self) -> None:
        """Give back the scratch space that a giant request needed."""
        if self.room > KEPT_KEYS:
            self.set_room(64)
