"""What all connections of a worker share: the loop, the counters, the limits."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from twemproxy import limits
from twemproxy.net.outbox import drop_spare
from twemproxy.net.pipe import trim_pipes
from twemproxy.net.reactor import Handler, Reactor
from twemproxy.net.slab import Slab
from twemproxy.net.spare import trim_blocks
from twemproxy.stats import slot
from twemproxy.stats.counters import Block
from twemproxy.stats.slowlog import SlowLog

if TYPE_CHECKING:  # it imports this module
    from twemproxy.proxy.client import Client

PARK_BYTES = 16384
PARK_MAX = 1024
MBUF_BYTES = 16384  # the default of -m, which the C program counts by


class Guard:
    """Says who may be read when memory is short; this one never says no."""

    __slots__ = ()

    def refuses(self, conn: Handler) -> bool:
        """Tell whether not to read from a connection now; it is paused then."""
        return False


class Process:
    """The surroundings of every connection; there is one in a worker.

    `resolve(host, done)` finds the addresses of a name without blocking and calls
    `done` with a list of them, which is empty when there are none.
    """

    __slots__ = (
        "block",
        "clients",
        "guard",
        "leaving",
        "max_clients",
        "mbuf_bytes",
        "numbered",
        "parking",
        "reactor",
        "resolve",
        "slowlog",
        "soft_bytes",
        "splice_bytes",
    )

    def __init__(
        self,
        reactor: Reactor,
        block: Block,
        resolve: Callable[[str, Callable[[list[str]], None]], None],
    ) -> None:
        self.reactor = reactor
        self.block = block
        self.resolve = resolve
        self.clients = 0
        self.max_clients = limits.MAX_CLIENTS
        self.mbuf_bytes = MBUF_BYTES
        self.leaving: set[Client] = set()  # told that nothing more comes
        self.soft_bytes = limits.MAX_PROCESS_BYTES  # beyond, `guard` is asked
        self.splice_bytes = limits.SPLICE_BYTES  # a value that lacks less is copied
        self.guard = Guard()
        self.slowlog = SlowLog()
        self.numbered = 0  # clients so far, above the bits that name the worker
        self.parking: Slab | None = None

    def number(self) -> int:
        """Return a number that no other client of any worker has."""
        self.numbered += 1
        return self.numbered

    def on_opened(self) -> None:
        """Count a connection that came into being: client, server or listener."""
        self.block.add(slot.TOTAL_CONNECTIONS, 1)
        self.block.add(slot.CURR_CONNECTIONS, 1)

    def on_closed(self) -> None:
        """Count a connection that is gone."""
        self.block.add(slot.CURR_CONNECTIONS, -1)

    def park(self, slab: Slab, start: int, end: int) -> Slab:
        """Return a slab that outlives the tick and holds slab[start:end].

        Small runs are copied side by side; the caller finds its own at the end
        of what the returned slab has used.
        """
        parking = self.parking_for(end - start)
        parking.take(slab.buf, start, end)
        return parking

    def parking_for(self, length: int) -> Slab:
        """Return a slab that outlives the tick and has room for so many bytes."""
        if length > PARK_MAX:
            return Slab(length)
        parking = self.parking
        if parking is None or parking.size - parking.used < length:
            parking = Slab(PARK_BYTES)
            self.parking = parking
        return parking

    def drop_spare(self) -> None:
        """Give back memory that only waits for its next use."""
        self.parking = None
        drop_spare()
        trim_blocks()
        trim_pipes()
