"""One stage for all accidents: a sick server behind a middlebox, a well one beside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.support.backends import MemcachedServer, RedisServer
from tests.support.dialects import DIALECTS, Dialect, keys_of_servers
from tests.support.fleet import Fleet
from tests.support.middlebox import Middlebox
from tests.support.proxy import Proxy, pool
from tests.support.waiting import wait_until
from tests.support.wire import Wire

SICK_VALUE = b"value of the sick server"
WELL_VALUE = b"value of the well server"
PATH = "beta"


@dataclass(frozen=True, slots=True)
class Scene:
    """Two servers, one key on each; the first server is the one that will suffer."""

    dialect: Dialect
    proxy: Proxy
    box: Middlebox
    servers: Sequence[RedisServer | MemcachedServer]
    sick: bytes
    well: bytes

    @property
    def path(self) -> Path:
        """Return where the second pool listens, if there is one."""
        return self.proxy.directory / PATH

    @property
    def ask_sick(self) -> bytes:
        """Encode the request for the key of the sick server."""
        return self.dialect.get(self.sick)

    @property
    def ask_well(self) -> bytes:
        """Encode the request for the key of the well server."""
        return self.dialect.get(self.well)

    @property
    def sick_reply(self) -> bytes:
        """Encode the right reply to `ask_sick`."""
        return self.dialect.found(self.sick, SICK_VALUE)

    @property
    def well_reply(self) -> bytes:
        """Encode the right reply to `ask_well`."""
        return self.dialect.found(self.well, WELL_VALUE)

    def error(self, text: str) -> bytes:
        """Encode an error line of the proxy."""
        return self.dialect.error(text)

    def store(self, key: bytes, value: bytes) -> None:
        """Store a value through the proxy."""
        with self.proxy.connect() as wire:
            request = self.dialect.set(key, value)
            assert wire.ask(request, self.dialect.stored()) == self.dialect.stored()

    def wait_sick_connections(self, count: int) -> None:
        """Wait until the proxy counts that many connections to the sick server."""
        wait_until(
            lambda: self.proxy.server_stats("server1")["server_connections"] == count,
            f"{count} connections to the sick server",
        )

    def wait_outstanding(self, count: int) -> None:
        """Wait until that many requests wait for the sick server."""

        def outstanding() -> bool:
            numbers = self.proxy.server_stats("server1")
            return numbers["in_queue"] + numbers["out_queue"] == count

        wait_until(outstanding, f"{count} requests for the sick server")

    def assert_well(self, wire: Wire) -> None:
        """Check that the well server answers, on this connection."""
        assert wire.ask(self.ask_well, self.well_reply) == self.well_reply


@pytest.fixture(params=DIALECTS, ids=["redis", "memcache"])
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Both protocols, one after the other."""
    spoken: Dialect = request.param
    return spoken


@pytest.fixture
def set_up(
    dialect: Dialect,
    fleet: Fleet,
    proxy: Callable[[str], Proxy],
    middlebox: Callable[[int], Middlebox],
) -> Callable[..., Scene]:
    """`set_up(relayed, **settings)`: the stage, with these settings of the pool.

    With `path`, a pool of the same servers listens on `Scene.path` too.
    """

    def build(relayed: bool, *, path: bool = False, **settings: object) -> Scene:
        servers = fleet.speaking(dialect, 2)
        box = middlebox(servers[0].port)
        first = box if relayed else servers[0]
        backends = [first, servers[1]]
        spoken = {"redis": dialect.redis, "distribution": "modula"}
        config = pool(backends, "alpha", **spoken, **settings)
        if path:
            listen = f"@DIR@/{PATH}"
            config += pool(backends, "beta", listen=listen, **spoken, **settings)
        running = proxy(config)
        keys = keys_of_servers(dialect, running.port, [s.port for s in servers])
        built = Scene(dialect, running, box, servers, *keys)
        built.store(built.sick, SICK_VALUE)
        built.store(built.well, WELL_VALUE)
        return built

    return build


@pytest.fixture
def scene(set_up: Callable[..., Scene]) -> Callable[..., Scene]:
    """`scene(**settings)`: the sick server behind the middlebox."""
    return partial(set_up, True)


@pytest.fixture
def direct(set_up: Callable[..., Scene]) -> Callable[..., Scene]:
    """`direct(**settings)`: both servers connected directly."""
    return partial(set_up, False)
