"""Shared memory the workers count in, and who counts where in it.

One region per worker: it writes, we read. Names keep their block for the life of the
process, so a pool that a reload changes goes on counting where it was, and a worker
that replaces a dead one goes on in the region of its predecessor.
"""

import errno
import mmap
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from twemproxy.config.model import Config, PoolConfig
from twemproxy.errors import ConfigError
from twemproxy.stats import slot
from twemproxy.stats.collect import PoolBlock, ServerBlock
from twemproxy.stats.metrics import BLOCK_BYTES, BLOCK_SLOTS, PROCESS_BLOCK, TABLE

MIN_BLOCKS: Final = 4096  # megabytes of address space; memory comes as it is used
ROOM_TO_GROW: Final = 8  # times what the first configuration needs, for reloads

# Which limit of ours says so, where that is no matter of course.
LIMITED: Final = {errno.EFBIG: " (ulimit -f)", errno.ENOMEM: " (ulimit -v)"}

Key = tuple[str, str | None]  # a pool's name, and a server's label or none
Scopes = Mapping[int, str]  # "pool" or "server", by the number of the block

_GAUGES: Final = {
    scope: [row.slot for row in TABLE if row.scope == scope and row.kind == "gauge"]
    for scope in ("process", "pool", "server")
}
_ENDINGS: Final = (slot.CLIENT_RESPONSES, slot.CLIENT_ERRORS, slot.ABANDONED)


class Region:
    """One worker's counters: `fd` is handed to it, `view` reads them here."""

    __slots__ = ("_memory", "fd", "view")

    def __init__(self, blocks: int) -> None:
        size = blocks * BLOCK_BYTES
        try:
            self.fd = _anonymous_file(size)
            self._memory = mmap.mmap(self.fd, size)
        except OSError as failure:
            raise ConfigError(
                f"cannot have {size} bytes to count in: {failure.strerror}"
                f"{LIMITED.get(failure.errno or 0, '')}"
            ) from failure
        self.view = memoryview(self._memory).cast("q")

    def forget(self, scopes: Scopes) -> None:
        """Settle the numbers of a worker that died, which counted in these blocks.

        It holds nothing any more, and has left every request that it owed a reply to.
        """
        self._zero(PROCESS_BLOCK, "process")
        for block, scope in scopes.items():
            self._zero(block, scope)
            if scope == "pool":
                self._abandon(block)

    def clear(self, block: int) -> None:
        """Make a block new for another name."""
        at = block * BLOCK_SLOTS
        for number in range(BLOCK_SLOTS):
            self.view[at + number] = 0

    def close(self) -> None:
        """Give the memory back."""
        self.view.release()
        self._memory.close()
        os.close(self.fd)

    def _zero(self, block: int, scope: str) -> None:
        for number in _GAUGES[scope]:
            self.view[block * BLOCK_SLOTS + number] = 0

    def _abandon(self, block: int) -> None:
        """Let the requests of a pool that have had no ending have one."""
        at = block * BLOCK_SLOTS
        ended = sum(self.view[at + number] for number in _ENDINGS)
        requests = self.view[at + slot.CLIENT_REQUESTS]
        self.view[at + slot.ABANDONED] += max(0, requests - ended)


class Blocks:
    """Gives every pool and server of a configuration its block, the same each time.

    Blocks of names that are gone are kept for their return until room is needed. Then
    those go first that have been gone for longest: who has left lately may still count.
    """

    def __init__(self, first: Config) -> None:
        need = 1 + sum(1 + len(pool.servers) for pool in first.pools)
        self.count = max(MIN_BLOCKS, ROOM_TO_GROW * need)
        self._free = list(range(self.count - 1, PROCESS_BLOCK, -1))
        self._of: dict[Key, int] = {}  # by when they were last wanted

    def assign(
        self,
        config: Config,
        regions: Iterable[Region],
        in_force: Iterable[PoolBlock] = (),
    ) -> tuple[PoolBlock, ...]:
        """Find or make the blocks of `config`; ConfigError when it has too many.

        Those `in_force` stay as they are: workers count there, and go on if it fails.
        """
        kept = {key for pool in in_force for key in _keys(pool)}
        wanted = {key for pool in config.pools for key in _keys(pool)}
        self._make_room(wanted, kept, list(regions))
        for key in wanted & self._of.keys():
            self._of[key] = self._of.pop(key)
        return tuple(
            PoolBlock(
                pool.name,
                self._block(pool.name, None),
                tuple(
                    ServerBlock(server.label, self._block(pool.name, server.label))
                    for server in pool.servers
                ),
            )
            for pool in config.pools
        )

    def _block(self, pool: str, label: str | None) -> int:
        key = (pool, label)
        if key not in self._of:
            self._of[key] = self._free.pop()
        return self._of[key]

    def _make_room(
        self, wanted: set[Key], kept: set[Key], regions: list[Region]
    ) -> None:
        short = len(wanted - self._of.keys()) - len(self._free)
        if short <= 0:
            return
        used = wanted | kept
        gone = [key for key in self._of if key not in used]
        if len(gone) < short:
            raise ConfigError(
                f"{len(used)} pools and servers, those before included, this process "
                f"was started with room for {self.count - 1}; start it anew"
            )
        for key in gone[:short]:
            block = self._of.pop(key)
            for region in regions:
                region.clear(block)
            self._free.append(block)


def _keys(pool: PoolConfig | PoolBlock) -> list[Key]:
    return [(pool.name, None), *((pool.name, row.label) for row in pool.servers)]


def scopes_of(pools: Sequence[PoolBlock]) -> Scopes:
    """Tell whose each block is."""
    of_pools = {pool.block: "pool" for pool in pools}
    of_servers = {row.block: "server" for pool in pools for row in pool.servers}
    return of_pools | of_servers


def _anonymous_file(size: int) -> int:
    """Make a file that has no name, in memory where the system can."""
    if sys.platform == "linux":
        fd = os.memfd_create("twemproxy-counters", os.MFD_CLOEXEC)
    else:
        folder = os.environ.get("TMPDIR", "/tmp")  # noqa: S108 # created exclusively
        path = Path(folder, f".twemproxy-{os.urandom(8).hex()}")
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        path.unlink()
    os.ftruncate(fd, size)
    return fd
