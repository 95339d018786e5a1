"""A loop that was suspended looks for events before anybody runs out of time."""

import asyncio
import sys

from twemproxy.config.model import Config
from twemproxy.control.setup import Setup
from twemproxy.control.workers import Worker, Workers
from twemproxy.net import outcome
from twemproxy.net.poller import Poller
from twemproxy.net.reactor import Handler, Reactor
from twemproxy.stats.regions import Region

PEER = 3
HOUR_S = 3600.0
SLOW_WORKER = """
import os, sys, time
line = int(sys.argv[2])
os.read(line, 65536)
time.sleep(0.5)
os.write(line, b'{"op": "ready", "generation": 1}\\n')
os.read(line, 1)
"""


class Interrupted(Poller):
    """Has an event, which a wait that was interrupted does not tell."""

    def __init__(self) -> None:
        self.waits: list[int] = []

    def add(self, fd: int) -> None:
        """Watch nothing."""

    def wait(self, timeout_ms: int) -> int:
        """Report nothing at first."""
        self.waits.append(timeout_ms)
        return len(self.waits) - 1

    def fd(self, i: int) -> int:
        """Return the only one."""
        return PEER

    def flags(self, i: int) -> int:
        """Return that it can be read."""
        return outcome.READ


class Peer(Handler):
    """Takes down that it was read."""

    def __init__(self, told: list[str]) -> None:
        Handler.__init__(self, PEER, 0)
        self.told = told

    def on_event(self, flags: int) -> None:
        """Receive."""
        self.told.append("read")


def test_who_was_suspended_reads_before_its_timers_run() -> None:
    told: list[str] = []
    poller = Interrupted()
    reactor = Reactor(poller)
    reactor.register(Peer(told))
    reactor.call_at(reactor.now_ms, lambda: told.append("late"))
    reactor.tick(400)
    assert told == ["read", "late"]
    assert poller.waits == [400, 0]


def test_without_a_timer_that_is_due_it_looks_once() -> None:
    poller = Interrupted()
    reactor = Reactor(poller)
    reactor.call_at(reactor.now_ms + 60_000, reactor.finish)
    reactor.tick(400)
    assert poller.waits == [400]


class Alone:
    """Asked for nothing here."""

    def on_question(self, worker: Worker, host: str) -> None:
        """Know no name."""

    def on_give_up(self, reason: str) -> None:
        """Go on."""


async def start_and_suspend() -> str:
    """Start a worker, with an hour in between in which nobody runs; the outcome."""
    loop = asyncio.get_running_loop()
    clock, late_s = loop.time, [0.0]
    loop.time = lambda: clock() + late_s[0]  # type: ignore[method-assign] # an hour more
    command = (sys.executable, "-c", SLOW_WORKER)
    region = Region(1)
    workers = Workers([region], dict, Alone(), "epoll", command)
    try:
        loop.call_later(0.1, late_s.__setitem__, 0, HOUR_S)
        return await workers.start(Setup(1, Config(()), (), (), 1))
    finally:
        await workers.stop()
        region.close()


def test_a_worker_has_its_time_to_start_after_both_were_suspended() -> None:
    assert asyncio.run(start_and_suspend()) == ""
