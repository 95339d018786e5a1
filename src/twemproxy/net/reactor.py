"""The loop: wait, read everything that is ready, then write, then deadlines.

One tick reads every ready descriptor into the shared slab, then flushes each
connection that has something to send, servers before clients: one system call
for all that a tick produced. What is left in the shared slab after that is moved
to its owner's memory, and the slab is rewound. Batches form by themselves: the
busier the loop, the more a tick reads.

A loop that is faster than its peers would still make small batches, and small
batches cost everybody: it wakes for one request, and so do the servers. So when
many wait and the last tick found little of what is under way, the loop takes a breath
before it looks again, a small part of the time that servers take to answer, and what
is for the servers gathers for a few ticks; a handler may hold what it has to send for
a moment, to send it with what follows. See docs/decisions/batching.md.
"""

import heapq
from collections.abc import Callable
from typing import Final

from twemproxy.net import outcome
from twemproxy.net.clock import monotonic_us
from twemproxy.net.poller import Poller
from twemproxy.net.slab import Slab

SLAB_BYTES: Final = 262144
CROWD: Final = 8  # with fewer clients that wait for replies nobody is made to wait
PLENTY: Final = 100  # nor slept, when the last tick asked and answered so many
HEAVY: Final = 4  # a part of a split one is so many of them
BREATH_US: Final = 8  # the least that is worth a sleep
LONG_BREATH_US: Final = 400
PART: Final = 3  # a shift: no breath is longer than an eighth of the wait
EASY_US: Final = 350  # to wait that long is no reason for longer breaths
SLOWLY: Final = 6  # a shift: an answer raises the wait we go by by a 64th at most
SHARE: Final = 9  # a shift: with 512 under way a breath is all that waits exceed it
GATHER: Final = 3  # a mask: in a crowd, servers are written to every fourth tick
HOLD: Final = 2  # a shift: replies are held for four times what requests wait
LONG_HOLD_US: Final = 10000
HELD_MS: Final = 1  # the longest sleep of a loop that holds some
MAX_SLEEP_MS: Final = 3600000
NEVER: Final = 1 << 62  # ms
FEW_TIMERS: Final = 64  # of which it does not matter how many were cancelled


class Handler:
    """Something with a descriptor. `stage` orders flushes: servers 0, clients 1."""

    __slots__ = ("dirty", "fd", "in_again", "on_hold", "stage", "unsettled")

    def __init__(self, fd: int, stage: int) -> None:
        self.fd = fd
        self.stage = stage
        self.dirty = False  # waits in the reactor's flush list
        self.in_again = False  # waits to be read without a new event
        self.unsettled = False  # waits to be settled at the end of the tick
        self.on_hold = False  # waits to be released, with what it could have written

    def on_event(self, flags: int) -> None:
        """Act on READ, WRITE or HANGUP."""
        raise NotImplementedError

    def flush(self) -> None:
        """Write what there is to write."""

    def send_held(self) -> None:
        """Write what was held."""

    def settle(self) -> None:
        """Keep nothing in the shared slab."""


class Timer:
    """Something to call when its time has come, unless it is cancelled before."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Let go of what was to be called."""
        self.call = None


class Reactor:
    """Runs handlers; `now_ms` and `now_us` are the time of this tick."""

    __slots__ = (
        "again",
        "askers",
        "batch",
        "dirty_clients",
        "dirty_servers",
        "due_ms",
        "handlers",
        "held",
        "moved",
        "now_ms",
        "now_us",
        "poller",
        "release_us",
        "running",
        "sequence",
        "slab",
        "ticks",
        "timers",
        "timers_room",
        "under_way",
        "unsettled",
        "wait_us",
    )

    def __init__(self, poller: Poller) -> None:
        self.poller = poller
        self.handlers: list[Handler | None] = []
        self.slab = Slab(SLAB_BYTES, True)
        self.again: list[Handler] = []
        self.dirty_servers: list[Handler] = []
        self.dirty_clients: list[Handler] = []
        self.unsettled: list[Handler] = []
        self.held: list[Handler] = []
        self.release_us = 0  # when those are released, whatever comes
        self.timers: list[tuple[int, int, Timer]] = []
        self.timers_room = FEW_TIMERS  # with so many, the cancelled ones are dropped
        self.due_ms = NEVER  # when the first timer is due
        self.sequence = 0
        self.ticks = 0
        self.batch = 0  # events in the last tick
        self.moved = 0  # requests asked and answered in it
        self.under_way = 0  # requests that wait for a server
        self.askers = 0  # clients that wait for a reply
        self.wait_us = 0  # for so long do they at the fastest server of late
        self.running = False
        self.read_clock()

    def read_clock(self) -> None:
        """Take the time once for everything that happens in a tick."""
        self.now_us = monotonic_us()
        self.now_ms = self.now_us // 1000

    def register(self, handler: Handler) -> None:
        """Watch a handler's descriptor."""
        fd = handler.fd
        while len(self.handlers) <= fd:
            self.handlers.extend([None] * max(64, len(self.handlers)))
        self.handlers[fd] = handler
        self.poller.add(fd)

    def unregister(self, handler: Handler) -> None:
        """Stop watching; the descriptor may be closed after that."""
        self.poller.remove(handler.fd)
        self.handlers[handler.fd] = None

    def call_at(self, at_ms: int, call: Callable[[], None]) -> Timer:
        """Call once when the clock reaches `at_ms`."""
        timer = Timer(call)
        self.sequence += 1
        if len(self.timers) >= self.timers_room:
            self.drop_cancelled()
        heapq.heappush(self.timers, (at_ms, self.sequence, timer))
        self.due_ms = min(self.due_ms, at_ms)
        return timer

    def drop_cancelled(self) -> None:
        """Keep no timer that was cancelled: its time may be days away."""
        self.timers = [entry for entry in self.timers if is_wanted(entry)]
        heapq.heapify(self.timers)
        self.timers_room = max(FEW_TIMERS, 2 * len(self.timers))

    def flush_later(self, handler: Handler) -> None:
        """Flush in this tick, after everything has been read."""
        if not handler.dirty:
            handler.dirty = True
            if handler.stage:
                self.dirty_clients.append(handler)
            else:
                self.dirty_servers.append(handler)

    def read_later(self, handler: Handler) -> None:
        """Call its `on_event(READ)` soon even without an event, but once in a tick."""
        if not handler.in_again:
            handler.in_again = True
            self.again.append(handler)

    def settle_later(self, handler: Handler) -> None:
        """Call its `settle` at the end of this tick."""
        if not handler.unsettled:
            handler.unsettled = True
            self.unsettled.append(handler)

    def hold(self, handler: Handler) -> None:
        """Call its `send_held` soon; what it has to send may grow until then."""
        if not self.held:
            self.release_us = self.now_us + min(self.wait_us << HOLD, LONG_HOLD_US)
        if not handler.on_hold:
            handler.on_hold = True
            self.held.append(handler)
        self.settle_later(handler)

    def run(self) -> None:
        """Tick until somebody sets `running` to false."""
        self.running = True
        while self.running:
            self.tick(self.timeout_ms())

    def timeout_ms(self) -> int:
        """How long the next tick may sleep."""
        if self.again or self.dirty_servers or self.dirty_clients:
            return 0
        most_ms = HELD_MS if self.held else MAX_SLEEP_MS
        return max(0, min(self.due_ms - self.now_ms, most_ms))

    def is_busy(self) -> bool:
        """Tell whether so many ask that more is about to arrive."""
        return self.askers >= CROWD

    def tick(self, timeout_ms: int) -> None:
        """Do one round of everything."""
        crowded = self.is_busy() and self.batch < self.under_way
        if crowded and not self.again and self.moved < PLENTY:
            self.poller.breathe(self.breath_us())
        self.moved = 0
        count = self.poller.wait(timeout_ms)
        self.read_clock()
        if not count and self.due_ms <= self.now_ms:
            count = self.poller.wait(0)  # who was suspended finds nothing at first
        self.batch = count
        self.ticks += 1
        for i in range(count):
            handler = self.handlers[self.poller.fd(i)]
            if handler is not None:
                self.make_room()
                handler.on_event(self.poller.flags(i))
        if self.again:
            self.read_again()
        if self.held and (not count or self.now_us >= self.release_us):
            self.release_held()
        if crowded and count and self.ticks & GATHER:
            self.flush_clients()
        else:
            self.finish()
        if self.due_ms <= self.now_ms:
            self.run_timers()
            self.finish()

    def read_again(self) -> None:
        """Read who asked for it before this; who asks for it now waits for a tick."""
        again = self.again
        self.again = []
        for handler in again:
            handler.in_again = False
            if handler.fd >= 0:
                self.make_room()
                handler.on_event(outcome.READ)

    def breath_us(self) -> int:
        """Return for how long: it grows with how many wait and how long they do."""
        breath_us = (self.wait_us - EASY_US) * self.under_way >> SHARE
        return max(BREATH_US, min(breath_us, self.wait_us >> PART, LONG_BREATH_US))

    def learn_wait(self, wait_us: int) -> None:
        """Take down for how long requests usually wait for a server that has answered.

        We go by the fastest: by a faster one at once, by slower ones step by step.
        """
        step_us = (self.wait_us >> SLOWLY) + 1
        self.wait_us = min(wait_us, self.wait_us + step_us)

    def count_moved(self, is_heavy: bool) -> None:
        """Count a request that was asked or answered; a heavy one is several."""
        self.moved += HEAVY if is_heavy else 1

    def make_room(self) -> None:
        """Have room for one more read in the shared slab."""
        if not self.slab.room():
            self.finish()

    def finish(self) -> None:
        """Flush, settle and rewind: the second half of a tick."""
        while self.dirty_servers or self.dirty_clients:
            self.flush_servers()
            self.flush_clients()
        if self.unsettled:
            unsettled = self.unsettled
            self.unsettled = []
            for handler in unsettled:
                handler.unsettled = False
                handler.settle()
        self.slab.used = 0

    def flush_servers(self) -> None:
        """One write for each server connection that has something."""
        handlers = self.dirty_servers
        if handlers:
            self.dirty_servers = []
            for handler in handlers:
                handler.dirty = False
                handler.flush()

    def flush_clients(self) -> None:
        """One write for each client whose head is answered."""
        handlers = self.dirty_clients
        if handlers:
            self.dirty_clients = []
            for handler in handlers:
                handler.dirty = False
                handler.flush()

    def release_held(self) -> None:
        """Write what was held, whole or not."""
        handlers = self.held
        self.held = []
        for handler in handlers:
            handler.on_hold = False
            handler.send_held()

    def run_timers(self) -> None:
        """Call everything that is due."""
        while self.timers and self.timers[0][0] <= self.now_ms:
            call = heapq.heappop(self.timers)[2].call
            if call is not None:
                call()
        self.due_ms = self.timers[0][0] if self.timers else NEVER


def is_wanted(entry: tuple[int, int, Timer]) -> bool:
    """Tell whether a timer in the heap was not cancelled."""
    return entry[2].call is not None
