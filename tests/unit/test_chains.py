"""Keys are chained by their servers and copied as they came, compiled or not."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.simulation import Simulation
from twemproxy.proxy.chains import Chains

SERVERS = 3
KEYS = st.lists(st.binary(min_size=1, max_size=12), min_size=1, max_size=90)


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    """A pool of three servers that nobody talks to."""
    return Simulation(SERVERS, measured=False)


def written(words: list[bytes]) -> tuple[bytes, "array[int]"]:
    """Return a request, and where its words begin and end."""
    request = b"*%d\r\n" % len(words)
    spans = array("q")
    for word in words:
        request += b"$%d\r\n" % len(word)
        spans.extend((len(request), len(request) + len(word)))
        request += word + b"\r\n"
    return request, spans


@given(keys=KEYS, before=st.binary(max_size=5), step=st.integers(1, 2))
def test_each_server_gets_its_keys_in_their_order(
    simulation: Simulation, keys: list[bytes], before: bytes, step: int
) -> None:
    words = [word for key in keys for word in (key, b"value")[:step]]
    request, spans = written([b"MSET", *words])
    buf = bytearray(before + request + b"behind")
    chains = Chains(simulation.pool)
    chains.begin(spans, buf, len(before), len(keys))
    assert chains.link(1, step, 12) == len(keys)
    owners = [simulation.pool.place(bytearray(key), 0, len(key)) for key in keys]
    for server in range(SERVERS):
        chains.numbers[server] = 300 + server
        mine = [i for i, owner in enumerate(owners) if owner == server]
        assert chain_of(chains, server) == mine
        assert chains.lengths[server] == len(mine)
        text = b"".join(
            b"$%d\r\n%b\r\n" % (len(word), word)
            for i in mine
            for word in words[i * step : i * step + step]
        )
        target = bytearray(b">>" + bytes(len(text)))
        assert chains.copy(server, target, 2) == 2 + len(text)
        assert target == b">>" + text
        if text:
            assert chains.copy(server, target, 3) == -1
    numbers = b"".join((300 + owner).to_bytes(2, "little") for owner in owners)
    assert chains.places() == numbers
    chains.end()
    assert chains.places() == b""


def chain_of(chains: Chains, server: int) -> list[int]:
    """Return the keys of a server."""
    found = []
    key = chains.first[server]
    while key >= 0:
        found.append(key)
        key = chains.following[key]
    return found


def test_linking_ends_at_a_key_that_is_too_long_or_has_no_server(
    simulation: Simulation,
) -> None:
    request, spans = written([b"MGET", b"a", b"bb", b"c"])
    chains = Chains(simulation.pool)
    chains.begin(spans, bytearray(request), 0, 3)
    assert chains.link(1, 1, 1) == 1
    dead = Simulation(2, measured=False)
    dead.pool.ring.rebuild([False, False])
    chains = Chains(dead.pool)
    chains.begin(spans, bytearray(request), 0, 3)
    assert chains.link(1, 1, 9) == 0


def test_what_lies_beyond_the_buffer_is_refused(simulation: Simulation) -> None:
    request, spans = written([b"GET", b"a"])
    chains = Chains(simulation.pool)
    chains.begin(spans, bytearray(request), 0, 1)
    assert chains.link(1, 1, 9) == 1
    owner = next(i for i in range(SERVERS) if chains.first[i] == 0)
    with pytest.raises(IndexError):
        chains.copy(owner, bytearray(9), -1)
    chains.begin(spans, bytearray(request[:-1]), 0, 1)
    assert chains.link(1, 1, 9) == 1
    with pytest.raises(IndexError):
        chains.copy(owner, bytearray(9), 0)
    with pytest.raises(IndexError):
        chains.link(2, 1, 9)
    chains.end()
    with pytest.raises(IndexError):
        chains.copy(owner, bytearray(9), 0)
