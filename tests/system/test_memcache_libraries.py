"""memcached libraries work through the proxy as they come.

How each of them says it is in ``tests/clients``.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import import_module

import bmemcached
import pytest
from bmemcached.exceptions import MemcachedException

from tests.clients.memcache_asyncio import Aiomcache, Emcache
from tests.clients.memcache_blocking import (
    Pymemcache,
    PymemcacheHash,
    PymemcachePool,
    PymemcacheRetry,
    PythonMemcached,
)
from tests.clients.memcache_library import Library
from tests.support.backends import MemcachedServer
from tests.support.fleet import Fleet
from tests.support.foreign import node_packages, run_node, run_python
from tests.support.proxy import Proxy, pool
from tests.support.waiting import wait_until


def pylibmc(port: int) -> Library:
    """Make a client of pylibmc, which installs on some versions of Python."""
    pytest.importorskip("pylibmc")
    library: Library = import_module("tests.clients.memcache_pylibmc").Pylibmc(port)
    return library


LIBRARIES: list[Callable[[int], Library]] = [
    *(Pymemcache, PymemcachePool, PymemcacheHash, PymemcacheRetry),
    *(PythonMemcached, pylibmc, Aiomcache, Emcache),
]
USERS = {f"user:{i * 37}": str(i).encode() for i in range(60)}


@pytest.fixture(scope="module")
def front(fleet: Fleet) -> Iterator[Proxy]:
    """A proxy before three memcached, for all of these tests."""
    with Proxy(pool(fleet.memcached(3), redis=False)) as proxy:
        yield proxy


@pytest.fixture
def servers(fleet: Fleet) -> list[MemcachedServer]:
    """The servers behind it, empty again."""
    return fleet.memcached(3)


@pytest.fixture(params=LIBRARIES)
def library(
    request: pytest.FixtureRequest, front: Proxy, servers: list[MemcachedServer]
) -> Iterator[Library]:
    """A client of each library, with its defaults."""
    with closing(request.param(front.port)) as client:
        yield client


def test_a_library_stores_and_reads(library: Library) -> None:
    assert library.set("k", b"v")
    assert library.get("k") == b"v"
    assert library.get("none") is None
    assert not library.add("k", b"w")
    assert library.add("new", b"w")
    assert library.delete("k")
    assert library.get("k") is None
    library.delete("k")
    assert library.get("new") == b"w"


def test_a_library_stores_and_reads_many_keys_of_many_servers(
    library: Library,
) -> None:
    library.set_many(USERS)
    assert library.get_many([*USERS, "none"]) == USERS


def test_a_library_counts(library: Library) -> None:
    assert library.set("n", b"10")
    assert library.count("n", 5) == 15
    assert library.count("n", -1) == 14
    assert library.count("none", 1) is None


def test_a_library_compares_and_swaps(library: Library) -> None:
    assert library.set("k", b"1")
    value, token = library.gets("k")
    assert value == b"1"
    assert library.cas("k", b"2", token)
    assert not library.cas("k", b"3", token)
    assert library.get("k") == b"2"


def test_what_a_library_sends_without_reply_happens(library: Library) -> None:
    for key, value in USERS.items():
        library.tell(key, value)
    assert library.get_many(list(USERS)) == USERS


def test_a_library_moves_large_values(library: Library) -> None:
    large = bytes(range(256)) * 3_600
    assert library.set("large", large)
    assert library.get("large") == large


def test_a_library_goes_on_after_a_key_that_is_too_long(library: Library) -> None:
    with contextlib.suppress(Exception):
        assert not library.set("k" * 251, b"v")
    assert library.set("k", b"v")
    assert library.get("k") == b"v"


def test_a_library_goes_on_after_a_value_that_is_too_large(library: Library) -> None:
    with contextlib.suppress(Exception):
        assert not library.set("large", b"x" * (1 << 21))
    assert library.set("k", b"v")
    assert library.get("k") == b"v"


def works(library: Library) -> bool:
    """Tell whether all keys can be stored and read."""
    with contextlib.suppress(Exception):  # each has its own
        stored = all(library.set(key, value) for key, value in USERS.items())
        return stored and library.get_many(list(USERS)) == USERS
    return False


def test_a_library_goes_on_when_a_server_is_back(
    library: Library, servers: list[MemcachedServer]
) -> None:
    assert works(library)
    servers[0].kill()
    assert not works(library)
    servers[0].start()
    wait_until(lambda: works(library), "all servers to be in use")


@pytest.mark.parametrize(
    ("backend", "library"),
    [("PyMemcacheCache", "pymemcache"), ("PyLibMCCache", "pylibmc")],
)
def test_django_works(memcache_proxy: Proxy, backend: str, library: str) -> None:
    pytest.importorskip(library)
    run_python("django_memcache", memcache_proxy.port, backend)


def test_flask_caching_works(memcache_proxy: Proxy) -> None:
    run_python("flask_memcache", memcache_proxy.port)


@pytest.mark.parametrize("program", ["memcached.cjs", "memjs.cjs"])
def test_a_node_library_works_or_is_told_why_not(
    memcache_proxy: Proxy, program: str
) -> None:
    run_node(program, node_packages("memcached", "memjs"), memcache_proxy.port)


def test_a_client_of_the_binary_protocol_is_told_in_its_own_words(
    memcache_proxy: Proxy,
) -> None:
    client = bmemcached.Client((f"127.0.0.1:{memcache_proxy.port}",))
    with pytest.raises(MemcachedException, match="only the text protocol"):
        client.get("k")
    client.disconnect_all()
