"""A loop that was suspended looks for events before anybody runs out of time."""

from twemproxy.net import outcome
from twemproxy.net.poller import Poller
from twemproxy.net.reactor import Handler, Reactor

PEER = 3


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
