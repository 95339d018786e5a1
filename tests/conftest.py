"""Fixtures of all tests: one proxy, some servers, real, fake or broken."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from tests.support.backends import MemcachedServer, RedisServer
from tests.support.canned import CannedServer, Script
from tests.support.fleet import Fleet
from tests.support.middlebox import Middlebox
from tests.support.proxy import Proxy


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the command line choose how the proxy under test runs."""
    group = parser.getgroup("proxy under test")
    group.addoption("--mode", choices=("compiled", "interpreted", "sanitized"))
    group.addoption("--poller", choices=("epoll", "portable"))


def pytest_configure(config: pytest.Config) -> None:
    """Hand the choice on to the proxies that the tests start."""
    for option in ("mode", "poller"):
        value = config.getoption(option)
        if value:
            os.environ[f"TWEMPROXY_{option.upper()}"] = value


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    """Real servers that outlive the tests."""
    with closing(Fleet()) as servers:
        yield servers


@pytest.fixture
def redis_servers(fleet: Fleet) -> Callable[..., list[RedisServer]]:
    """`redis_servers(n, *options)`: that many running, empty redis servers."""
    return fleet.redis


@pytest.fixture
def memcached_servers(fleet: Fleet) -> Callable[..., list[MemcachedServer]]:
    """`memcached_servers(n, *options)`: that many running, empty memcached."""
    return fleet.memcached


@pytest.fixture
def proxy() -> Iterator[Callable[..., Proxy]]:
    """`proxy(configuration, *arguments)`: a running proxy, ended with the test."""
    with ExitStack() as stack:

        def start(config: str, *arguments: str) -> Proxy:
            return stack.enter_context(Proxy(config, *arguments))

        yield start


@pytest.fixture
def canned() -> Iterator[Callable[..., CannedServer]]:
    """`canned(*scripts)`: a fake server with one script per connection."""
    with ExitStack() as stack:

        def start(*scripts: Script) -> CannedServer:
            return stack.enter_context(closing(CannedServer(scripts)))

        yield start


@pytest.fixture
def middlebox() -> Iterator[Callable[[int], Middlebox]]:
    """`middlebox(port)`: a relay to that port which can break the line."""
    with ExitStack() as stack:

        def start(upstream: int) -> Middlebox:
            return stack.enter_context(closing(Middlebox(upstream)))

        yield start
