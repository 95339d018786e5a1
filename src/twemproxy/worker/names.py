"""Addresses of host names, which the supervisor finds for all workers."""

from collections.abc import Callable

from twemproxy.net.reactor import Reactor
from twemproxy.worker.line import Message

Found = Callable[[list[str]], None]


class Names:
    """Addresses of host names; asks the supervisor, which may take its time."""

    def __init__(self, send: Callable[[Message], None], reactor: Reactor) -> None:
        self.send = send
        self.reactor = reactor
        self.known: dict[str, tuple[list[str], int]] = {}
        self.asked: dict[str, list[Found]] = {}

    def resolve(self, host: str, found: Found) -> None:
        """Call `found` with addresses, now if they are known and still good."""
        addresses, good_until_ms = self.known.get(host, ([], 0))
        if good_until_ms > self.reactor.now_ms:
            found(addresses)
        elif host in self.asked:
            self.asked[host].append(found)
        else:
            self.asked[host] = [found]
            self.send({"op": "resolve", "host": host})

    def on_resolved(self, host: str, addresses: list[str], ttl_ms: int) -> None:
        """Tell everybody who waits for this name."""
        if addresses:
            self.known[host] = (addresses, self.reactor.now_ms + ttl_ms)
        for found in self.asked.pop(host, []):
            found(addresses)
