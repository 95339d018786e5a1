"""The library: `Ring` as a stranger meets it."""

import doctest
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import twemproxy.ring
from twemproxy import Placement, Ring
from twemproxy.config.model import Listen, PoolConfig, ServerConfig
from twemproxy.errors import ConfigError, Refused
from twemproxy.ring import Keys

PAGE = Path(__file__).resolve().parents[2] / "docs" / "hashing.md"
THREE = ["10.0.0.1:6379:1 a", "10.0.0.2:6379:1 b", "10.0.0.3:6379:1 c"]


def test_the_examples_in_the_module_are_true() -> None:
    failed, tried = doctest.testmod(twemproxy.ring)
    assert tried
    assert not failed


def test_the_examples_in_the_manual_are_true() -> None:
    failed, tried = doctest.testfile(str(PAGE), module_relative=False)
    assert tried
    assert not failed


@pytest.mark.parametrize(
    ("server", "label"),
    [
        ("10.0.0.1:6379:1", "10.0.0.1:6379"),
        ("10.0.0.1:11211:1", "10.0.0.1"),
        ("10.0.0.1:11211:1 cache", "cache"),
        ("/run/redis.sock:1", "/run/redis.sock:"),
        ("::1:6379:1", "::1:6379"),
        (("pair", 3), "pair"),
    ],
)
def test_a_server_is_known_by_its_label(
    server: str | tuple[str, int], label: str
) -> None:
    assert Ring([server]).server("any key") == label


def test_the_order_of_the_servers_does_not_matter() -> None:
    one, other = Ring(THREE), Ring(reversed(THREE))
    keys = [f"key:{i}" for i in range(100)]
    assert [one.server(k) for k in keys] == [other.server(k) for k in keys]
    assert [one.index(k) for k in keys] == [2 - other.index(k) for k in keys]


@pytest.mark.parametrize("distribution", ["ketama", "modula"])
def test_many_keys_are_placed_as_one_by_one(distribution: str) -> None:
    ring = Ring(THREE, distribution=distribution, hash_tag="{}")
    keys = [b"", b"{a}b", *(b"key:%d" % i for i in range(500)), b""]
    for _ in range(2):
        assert ring.indexes(Keys(keys)) == [ring.index(key) for key in keys]
        ring.eject("b")
    for label in "ac":
        ring.eject(label)
    with pytest.raises(Refused):
        ring.indexes(Keys(keys))


def test_text_counts_as_utf_8() -> None:
    ring = Ring(THREE)
    assert ring.explain("grüße") == ring.explain("grüße".encode())


@pytest.mark.parametrize("key", [1042, None, [1, 2], 1.5])
def test_what_is_neither_text_nor_bytes_is_refused(key: Any) -> None:
    ring = Ring(["h:1:1 a", "h:2:1 b"])
    for ask in (ring.server, ring.index, ring.explain):
        with pytest.raises(TypeError, match="expected str or bytes"):
            ask(key)
    alike: list[Any] = [b"user:7", bytearray(b"user:7"), memoryview(b"user:7")]
    assert {ring.server(one) for one in alike} == {ring.server("user:7")}


def test_an_explanation_shows_each_step() -> None:
    ring = Ring(THREE, hash="crc32a", distribution="modula", hash_tag="{}")
    placement = ring.explain("{123456789}:x")
    h = 0xCBF43926
    server = "abc"[h % 3]
    expected = (b"{123456789}:x", b"123456789", h, h % 3, server, server)
    assert placement == Placement(*expected)
    assert not placement.moved


def test_an_ejected_server_stays_the_home_of_its_keys() -> None:
    ring = Ring(THREE)
    home = ring.server("key")
    ring.eject(home)
    ring.eject(home)
    placement = ring.explain("key")
    assert placement.home == home
    assert placement.server == ring.server("key") != home
    assert placement.moved
    assert ring.ejected == {home}
    ring.readmit(home)
    ring.readmit(home)
    assert ring.server("key") == home


@pytest.mark.parametrize("distribution", ["ketama", "modula", "random"])
@pytest.mark.parametrize("size", [1, 3])
def test_a_ring_refuses_while_every_server_is_ejected(
    distribution: str, size: int
) -> None:
    ring = Ring(THREE[:size], distribution=distribution)
    for label in ring.labels:
        ring.eject(label)
    with pytest.raises(Refused, match="all servers are ejected"):
        ring.server("key")
    assert ring.explain("key").server is None


def test_one_server_and_random_do_not_hash() -> None:
    assert Ring(THREE[:1]).explain("k") == (b"k", b"k", None, None, "a", "a")
    placement = Ring(THREE, distribution="random").explain("k")
    assert placement[:5] == (b"k", b"k", None, None, None)
    assert not placement.moved


def test_a_pool_of_a_configuration_makes_the_same_ring() -> None:
    servers = tuple(ServerConfig(x, "h", 1, "", w, x) for x, w in [("a", 1), ("b", 5)])
    listen = Listen("127.0.0.1:1", "127.0.0.1", 1, "", 0)
    fields = dict.fromkeys(PoolConfig._fields)
    placing = {
        "hash": "murmur",
        "hash_tag": b"<>",
        "distribution": "modula",
        "servers": servers,
    }
    pool = PoolConfig(**{**fields, "listen": listen, **placing})  # type: ignore[arg-type]  # only what places keys
    written = Ring(
        [("a", 1), ("b", 5)], hash="murmur", hash_tag="<>", distribution="modula"
    )
    keys = [f"<{i}>{i}" for i in range(50)]
    ring = Ring.from_pool(pool)
    assert [ring.server(k) for k in keys] == [written.server(k) for k in keys]
    assert repr(ring) == "<Ring modula murmur tag b'<>': 2 servers, 0 ejected>"


@pytest.mark.parametrize(
    ("servers", "settings", "message"),
    [
        ([], {}, "no servers"),
        (["10.0.0.1:6379"], {}, "server '10.0.0.1:6379', expected"),
        ([("a", 0)], {}, "weight 0 of 'a'"),
        ([("a", 1), ("a", 2)], {}, "two servers with the label 'a'"),
        ([("a", 1)], {"hash": "sha1"}, "hash 'sha1', expected one of"),
        ([("a", 1)], {"distribution": "maglev"}, "distribution 'maglev'"),
        ([("a", 1)], {"hash_tag": "{"}, "expected two bytes"),
    ],
)
def test_what_a_configuration_may_not_say_is_refused(
    servers: list[str | tuple[str, int]], settings: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Ring(servers, **settings)


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(KeyError, match="nobody"):
        Ring(THREE).eject("nobody")


def test_importing_the_package_loads_no_library() -> None:
    code = "import sys, twemproxy; print('twemproxy.ring' in sys.modules)"
    run = [sys.executable, "-c", code]
    ran = subprocess.run(run, capture_output=True, text=True, check=True, timeout=30)
    assert ran.stdout == "False\n"


def test_an_attribute_that_does_not_exist_is_missing() -> None:
    with pytest.raises(AttributeError, match="no attribute 'ring_of_power'"):
        _ = twemproxy.ring_of_power
