"""The keys of one request, chained by the server that owns them.

    keys       a b c d e          server 0: a -> c -> d
    owners     0 1 0 0 1          server 1: b -> e

The scratch space is kept between requests. Interpreted: twin of ``chains.pyx``.
"""

from array import array
from typing import Final

from twemproxy.proxy.pool import Pool

FIRST_ROOM: Final = 64
KEPT_KEYS: Final = 4096  # scratch space for more keys is not kept
FRAME: Final = 2  # CR LF


class Chains:
    """The chains of one request at a time, for the servers of one pool.

    Valid between `begin` and `end`: `first` is the first key of each server, -1 for
    none; `lengths` the number of its keys; `following` the next key of the same
    server, -1 for none. What `numbers` says of the servers is the caller's, for
    `places`.
    """

    __slots__ = (
        "at",
        "buf",
        "first",
        "following",
        "hashed",
        "hashes",
        "keys",
        "last",
        "lengths",
        "numbers",
        "owners",
        "pool",
        "room",
        "spans",
        "step",
    )

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        servers = len(pool.config.servers)
        self.first = array("i", bytes(4 * servers))
        self.last = array("i", bytes(4 * servers))
        self.lengths = array("i", bytes(4 * servers))
        self.numbers = array("i", bytes(4 * servers))
        self._set_room(FIRST_ROOM)

    def _set_room(self, keys: int) -> None:
        """Have scratch space for as many keys."""
        self.room = keys
        self.owners = array("i", bytes(4 * keys))
        self.following = array("i", bytes(4 * keys))
        self.hashed = array("q", bytes(16 * keys))  # the spans of the keys in `buf`
        self.hashes = array("I", bytes(4 * keys))

    def begin(self, spans: "array[int]", buf: bytearray, at: int, keys: int) -> None:
        """Begin with a request that has as many keys.

        Its words lie behind buf[at], where `spans` says: the start and end of each.
        """
        self.spans = spans
        self.buf = buf
        self.at = at
        self.keys = keys
        if keys > self.room:
            self._set_room(2 * keys)
        for server in range(len(self.first)):
            self.first[server] = -1
            self.lengths[server] = 0

    def end(self) -> None:
        """Let go of the request, and of the scratch space that a giant one needed."""
        self.buf = bytearray()
        self.spans = array("q")
        self.keys = 0
        if self.room > KEPT_KEYS:
            self._set_room(FIRST_ROOM)

    def link(self, word: int, step: int, longest: int) -> int:
        """Find the servers of the keys; return how many keys had one.

        The first key is word `word`, each other `step` words behind the one before.
        It ends at a key that has no server or is of more than `longest` bytes.
        """
        self.step = step
        keys = self._find_keys(word, longest)
        self.pool.readmit_due()
        ring = self.pool.ring
        ring.hash_keys(self.buf, self.hashed, keys, self.hashes)
        for key in range(keys):
            server = ring.server_of(self.hashes[key])
            if server < 0:
                return key
            self._add(key, server)
        return keys

    def _find_keys(self, word: int, longest: int) -> int:
        """Take down where the keys are; return how many come before one too long."""
        for key in range(self.keys):
            start = self.spans[2 * word]
            end = self.spans[2 * word + 1]
            if end - start > longest:
                return key
            self.hashed[2 * key] = self.at + start
            self.hashed[2 * key + 1] = self.at + end
            word += self.step
        return self.keys

    def _add(self, key: int, server: int) -> None:
        """Put the next key at the end of a server's chain."""
        self.owners[key] = server
        self.following[key] = -1
        if self.first[server] < 0:
            self.first[server] = key
        else:
            self.following[self.last[server]] = key
        self.last[server] = key
        self.lengths[server] += 1

    def places(self) -> bytearray:
        """Return, in two bytes for each key, the `numbers` of their servers."""
        places = bytearray()
        for key in range(self.keys):
            places += self.numbers[self.owners[key]].to_bytes(2, "little")
        return places

    def copy(self, server: int, target: bytearray, to: int) -> int:
        """Copy a server's keys to target[to:]; return where they end.

        For Redis requests, where the first key is the second word: each key goes with
        the line in front of it and what follows up to the next. -1 without room for
        all.
        """
        if self.at < 0 or to < 0:
            raise IndexError(f"{self.at} to {to} of {len(target)}")
        key = self.first[server]
        while key >= 0:
            word = 1 + key * self.step
            start = self.at + self.spans[2 * word - 1] + FRAME
            end = self.at + self.spans[2 * (word + self.step) - 1] + FRAME
            if start < 0 or end < start or end > len(self.buf):
                raise IndexError(f"{start}..{end} of {len(self.buf)}")
            if end - start > len(target) - to:
                return -1
            target[to : to + end - start] = self.buf[start:end]
            to += end - start
            key = self.following[key]
        return to
