"""The three distributions against a slow model, and under ejection."""

import bisect
import ctypes
import hashlib
import itertools
import math
from array import array
from typing import Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from twemproxy.hashing.distribution import Distribution
from twemproxy.hashing.hashes import KINDS, hash_span
from twemproxy.hashing.ketama import point_counts

KEYS: Final = [b"key:%d" % i for i in range(200)]
FLOAT: Final = ctypes.c_float

WEIGHTS: Final = st.lists(st.integers(1, 50), min_size=2, max_size=5)


@st.composite
def pools(draw: st.DrawFn) -> tuple[list[int], list[bool]]:
    """Weights of a few servers, at least one of which is live."""
    weights = draw(WEIGHTS)
    size = len(weights)
    live = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    assume(any(live))
    return weights, live


def labels(size: int) -> list[bytes]:
    return [b"s%d" % i for i in range(size)]


def distribution(kind: str, weights: list[int], tag: bytes = b"") -> Distribution:
    return Distribution(kind, "fnv1a_64", tag, labels(len(weights)), weights)


def servers(placed: Distribution, keys: list[bytes] = KEYS) -> list[int]:
    return [placed.server(bytearray(key), 0, len(key)) for key in keys]


def fnv1a_64(key: bytes) -> int:
    return hash_span(KINDS["fnv1a_64"], bytearray(key), 0, len(key))


def modelled_ketama(weights: list[int], live: list[bool]) -> list[int]:
    """Build the ring as the specification words it, with the C type `float`."""
    total = sum(w for w, up in zip(weights, live, strict=True) if up)
    points = []
    for index, weight in enumerate(weights):
        if not live[index]:
            continue
        share = FLOAT(FLOAT(weight).value / FLOAT(total).value).value
        groups = FLOAT(FLOAT(share * 160).value / 4).value
        groups = FLOAT(FLOAT(groups * sum(live)).value + 1e-10).value
        for group in range(math.floor(groups)):
            digest = hashlib.md5(b"s%d-%d" % (index, group)).digest()  # noqa: S324 - the ring is made of it
            words = (digest[at : at + 4] for at in range(0, 16, 4))
            points += [(int.from_bytes(word, "little"), index) for word in words]
    points.sort()
    found = (bisect.bisect_left(points, (fnv1a_64(key), 0)) for key in KEYS)
    return [points[at % len(points)][1] for at in found]


def modelled_modula(weights: list[int], live: list[bool]) -> list[int]:
    table = [i for i, w in enumerate(weights) if live[i] for _ in range(w)]
    return [table[fnv1a_64(key) % len(table)] for key in KEYS]


@settings(deadline=None, max_examples=40)
@given(pool=pools())
def test_ketama_gives_each_key_to_the_next_point(
    pool: tuple[list[int], list[bool]],
) -> None:
    weights, live = pool
    placed = distribution("ketama", weights)
    placed.rebuild(live)
    assert servers(placed) == modelled_ketama(weights, live)


@settings(deadline=None)
@given(pool=pools())
def test_modula_gives_each_server_a_slot_per_weight(
    pool: tuple[list[int], list[bool]],
) -> None:
    weights, live = pool
    placed = distribution("modula", weights)
    placed.rebuild(live)
    assert servers(placed) == modelled_modula(weights, live)


@pytest.mark.parametrize("kind", ["ketama", "modula"])
@settings(deadline=None, max_examples=30)
@given(pool=pools(), states=st.lists(st.integers(0, 31), max_size=4))
def test_a_pool_forgets_its_ejections_when_all_are_back(
    kind: str, pool: tuple[list[int], list[bool]], states: list[int]
) -> None:
    weights, live = pool
    placed = distribution(kind, weights)
    for bits in states:
        placed.rebuild([bool(bits >> i & 1) for i in range(len(weights))])
    placed.rebuild(live)
    placed.rebuild([True] * len(weights))
    assert servers(placed) == servers(distribution(kind, weights))


@settings(deadline=None, max_examples=20)
@given(size=st.integers(2, 8), gone=st.integers(0, 7))
def test_losing_a_server_moves_only_its_own_keys(size: int, gone: int) -> None:
    placed = distribution("ketama", [1] * size)
    before = servers(placed)
    gone %= size
    placed.rebuild([i != gone for i in range(size)])
    for old, new in zip(before, servers(placed), strict=True):
        assert new != gone
        assert old in (new, gone)


@pytest.mark.parametrize("kind", ["ketama", "modula", "random"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_no_server_is_found_while_none_is_live(kind: str, size: int) -> None:
    placed = distribution(kind, [1] * size)
    placed.rebuild([False] * size)
    assert set(servers(placed)) == {-1}
    placed.rebuild([True] * size)
    assert -1 not in servers(placed)


def test_random_draws_among_the_live_whatever_their_weights() -> None:
    placed = distribution("random", [1, 1000, 1, 1])
    draws = servers(placed, KEYS * 10)
    assert all(draws.count(i) > len(draws) // 8 for i in range(4))
    placed.rebuild([True, False, True, False])
    assert set(servers(placed)) == {0, 2}


@pytest.mark.parametrize("kind", ["ketama", "modula"])
def test_an_empty_key_has_the_hash_zero(kind: str) -> None:
    placed = distribution(kind, [1, 2, 3], b"{}")
    assert placed.hash_key(bytearray(), 0, 0) == 0
    assert placed.hash_key(bytearray(b"{}"), 0, 2) == fnv1a_64(b"{}")
    assert servers(placed, [b""])[0] >= 0


@pytest.mark.parametrize("kind", ["ketama", "random"])
@pytest.mark.parametrize("tag", [b"", b"{}"])
@given(keys=st.lists(st.from_regex(rb"[a{}]{0,9}", fullmatch=True), max_size=9))
def test_many_keys_go_where_each_goes(kind: str, tag: bytes, keys: list[bytes]) -> None:
    placed = distribution(kind, [1, 2, 3], tag)
    block = bytearray(b"".join(keys))
    ends = list(itertools.accumulate(map(len, keys)))
    spans = array("q", [at for row in itertools.pairwise([0, *ends]) for at in row])
    hashes = array("I", [7] * len(keys))
    placed.hash_keys(block, spans, len(keys), hashes)
    each = [placed.hash_key(bytearray(key), 0, len(key)) for key in keys]
    assert list(hashes) == (each if placed.hashes else [0] * len(keys))
    if placed.hashes:
        assert list(map(placed.server_of, hashes)) == servers(placed, keys)


def test_keys_with_the_same_tag_share_a_server() -> None:
    placed = distribution("ketama", [1] * 5, b"{}")
    assert len(set(servers(placed, [b"%d{tag}%d" % (i, i) for i in range(50)]))) == 1


def test_a_point_past_the_last_belongs_to_the_first() -> None:
    placed = distribution("ketama", [1, 1])
    assert placed.point(0xFFFFFFFF) == placed.point(0)


@pytest.mark.parametrize(
    ("weights", "counts"),
    [
        ([1], [160]),
        ([1] * 24, [160] * 24),
        ([1] * 25, [156] * 25),  # 1/25 as a single is a little short
        ([1, 2, 3], [80, 160, 240]),
        ([100000, 1], [316, 0]),
        ([50, 60, 70], [132, 160, 184]),
    ],
)
def test_points_follow_the_weight_in_single_precision(
    weights: list[int], counts: list[int]
) -> None:
    assert point_counts(weights, [True] * len(weights)) == counts


def test_a_huge_weight_costs_no_memory_in_modula() -> None:
    placed = distribution("modula", [2**31 - 1, 2**31 - 1, 5])
    assert set(servers(placed)) == {0, 1}


def test_labels_longer_than_the_text_that_is_hashed_do_not_break_the_ring() -> None:
    names = [b"x" * 300 + b"%d" % i for i in range(2)]
    placed = Distribution("ketama", "fnv1a_64", b"", names, [1, 1])
    assert set(servers(placed)) <= {0, 1}


def test_a_name_that_is_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match="no distribution 'other'"):
        distribution("other", [1, 1])
