"""Replies that are made when their turn comes, once something has become known."""

from collections.abc import Callable
from typing import Any, Final

from twemproxy.net.slab import holding
from twemproxy.proxy.client import Client
from twemproxy.proxy.request import Asker, Gather, Request, finish, request_of
from twemproxy.stats import slot

Produce = Callable[[Any], bytes]  # from the client, which it knows well
NO_BYTES: Final = holding(b"")


class Later(Gather):
    """A request that waits for a fact instead of for servers."""

    def __init__(self, produce: Produce, silent: bool) -> None:
        """Let `produce` make the reply, or only take effect if `silent`."""
        Gather.__init__(self)
        self.produce = produce
        self.silent = silent
        self.pending = 1

    def merge(self, client: Asker) -> None:
        """Make the reply; everything asked before has its own by now."""
        reply = self.produce(client)
        if not self.silent:
            client.outbox.say(reply)


def promise(client: Client, produce: Produce) -> Request:
    """Append a request that `keep` answers; what it does, it does in its turn."""
    client.counters.add(slot.LOCAL_ANSWERS, 1)
    whole = client.ask(slot.LOCAL_TIMES)
    whole.gather = Later(produce, whole.silent)
    whole.silent = False
    return request_of(client, whole, client.reactor.now_us)


def keep(promised: Request) -> None:
    """Let a promised reply be made, unless its client has left."""
    finish(promised, NO_BYTES, 0, 0, False)
