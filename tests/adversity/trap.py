"""A proxy in front of a server that only listens: what it heard is all there is."""

from typing import Final, Self

from tests.support.canned import CannedServer
from tests.support.processes import allowance, family, resident_bytes
from tests.support.proxy import Proxy, pool
from tests.support.waiting import wait_until
from tests.support.wire import Wire, resp

MIB: Final = 1 << 20
SENTINEL: Final = resp("GET", "sentinel")


class Trap:
    """One pool of one server that records and, unless told, never answers."""

    def __init__(self, server: CannedServer, **settings: object) -> None:
        self.server = server
        self.proxy = Proxy(pool([server], "alpha", **settings))
        self.memory = resident_bytes(self.proxy.pid)
        self.workers = family(self.proxy.pid)
        self.begin()

    def begin(self) -> Self:
        """Forget what was heard and logged before."""
        self._heard = 0
        self._heard = len(self.heard)
        self._logged = 0
        self._logged = len(self.log)
        return self

    def close(self) -> None:
        """End both."""
        self.proxy.close()
        self.server.close()

    @property
    def heard(self) -> bytes:
        """What the server received since `begin`, over all connections."""
        return b"".join(bytes(heard) for heard in self.server.heard)[self._heard :]

    @property
    def log(self) -> str:
        """What the proxy logged since `begin`."""
        return self.proxy.log[self._logged :]

    def attack(self, data: bytes) -> Wire:
        """Send bytes on a new connection."""
        wire = self.proxy.connect()
        wire.send(data)
        return wire

    def assert_only_passed(self, passed: bytes, sentinel: bytes = SENTINEL) -> None:
        """Check that the server got `passed`, and then the next client's request."""
        wait_until(lambda: len(self.heard) >= len(passed), f"{passed[:80]!r} to arrive")
        with self.proxy.connect() as other:
            other.send(sentinel)
            wait_until(lambda: self.heard.endswith(sentinel), "the sentinel to arrive")
        assert self.heard == passed + sentinel

    def assert_unharmed(self, growth: int = 8 * MIB) -> None:
        """Check that no process was replaced and none has grown by much."""
        assert family(self.proxy.pid) == self.workers
        assert resident_bytes(self.proxy.pid) - self.memory < allowance(growth)
