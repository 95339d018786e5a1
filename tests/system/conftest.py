"""A pool of each kind, ready for real clients; or the supervisor alone."""

from collections.abc import Callable

import pytest

from tests.support.crew import WITH_FAKE_WORKER
from tests.support.fleet import Fleet
from tests.support.proxy import Proxy, pool


@pytest.fixture
def redis_proxy(fleet: Fleet, proxy: Callable[[str], Proxy]) -> Proxy:
    """A proxy before three empty redis servers."""
    return proxy(pool(fleet.redis(3)))


@pytest.fixture
def memcache_proxy(fleet: Fleet, proxy: Callable[[str], Proxy]) -> Proxy:
    """A proxy before three empty memcached servers."""
    return proxy(pool(fleet.memcached(3), redis=False))


@pytest.fixture
def supervised(
    monkeypatch: pytest.MonkeyPatch, proxy: Callable[..., Proxy]
) -> Callable[..., Proxy]:
    """`supervised(configuration, *arguments)`: a supervisor with fake workers."""
    monkeypatch.setenv("TWEMPROXY_UNDER_TEST", WITH_FAKE_WORKER)
    return proxy
