"""Counter memory: blocks stay with their names, gauges die with their worker."""

import resource

import pytest

from tests.support.models import pool
from twemproxy.config.model import Config
from twemproxy.errors import ConfigError
from twemproxy.stats import slot
from twemproxy.stats.metrics import BLOCK_SLOTS
from twemproxy.stats.regions import MIN_BLOCKS, Blocks, Region, scopes_of


def test_a_name_keeps_its_block_through_reloads() -> None:
    blocks = Blocks(Config((pool("a", "s1", "s2"),)))
    first = blocks.assign(Config((pool("a", "s1", "s2"),)), [])
    blocks.assign(Config((pool("b", "s1"),)), [])
    again = blocks.assign(Config((pool("b", "s1"), pool("a", "s2", "s3"))), [])
    assert again[1].block == first[0].block
    assert again[1].servers[0].block == first[0].servers[1].block
    used = [p.block for p in again] + [s.block for p in again for s in p.servers]
    assert len(set(used)) == len(used)
    assert 0 not in used


def test_without_room_to_count_in_the_limit_is_told() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(ConfigError, match=r"6291456 bytes .* \(ulimit -f\)"):
            Region(MIN_BLOCKS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_room_is_made_of_names_that_are_gone_and_their_numbers_go() -> None:
    labels = [f"s{i}" for i in range(MIN_BLOCKS - 2)]
    region = Region(MIN_BLOCKS)
    blocks = Blocks(Config(()))
    (full,) = blocks.assign(Config((pool("a", *labels),)), [region])
    region.view[full.block * BLOCK_SLOTS] = 7
    (other,) = blocks.assign(Config((pool("b", "t"),)), [region])
    assert region.view[other.block * BLOCK_SLOTS] == 0
    assert region.view[full.block * BLOCK_SLOTS] == 0
    region.close()


def test_room_is_made_of_those_who_have_been_gone_for_longest() -> None:
    half = MIN_BLOCKS // 2
    blocks = Blocks(Config(()))
    region = Region(MIN_BLOCKS)
    wanted = [pool(name, *(f"s{i}" for i in range(half - 10))) for name in "abc"]
    first = blocks.assign(Config((wanted[0],)), [region])
    second = blocks.assign(Config((wanted[1],)), [region], first)
    for served in second:
        region.view[served.block * BLOCK_SLOTS] = 7
    blocks.assign(Config((wanted[2],)), [region], second)
    assert blocks.assign(Config((wanted[1],)), [region], second) == second
    assert region.view[second[0].block * BLOCK_SLOTS] == 7
    region.close()


def test_what_is_in_force_makes_no_room() -> None:
    labels = [f"s{i}" for i in range(MIN_BLOCKS - 2)]
    blocks = Blocks(Config(()))
    full = blocks.assign(Config((pool("a", *labels),)), [])
    with pytest.raises(ConfigError, match="start it anew"):
        blocks.assign(Config((pool("b", "t"),)), [], full)
    assert blocks.assign(Config((pool("a", *labels),)), [], full) == full


def test_too_many_names_are_refused_and_change_nothing() -> None:
    blocks = Blocks(Config((pool("a", "s"),)))
    first = blocks.assign(Config((pool("a", "s"),)), [])
    labels = [f"s{i}" for i in range(MIN_BLOCKS)]
    with pytest.raises(ConfigError, match="start it anew"):
        blocks.assign(Config((pool("b", *labels),)), [])
    assert blocks.assign(Config((pool("a", "s"),)), []) == first


def test_a_dead_worker_holds_nothing_but_has_counted() -> None:
    region = Region(MIN_BLOCKS)
    blocks = Blocks(Config(()))
    pools = blocks.assign(Config((pool("a", "s"),)), [region])
    at = pools[0].servers[0].block * BLOCK_SLOTS
    region.view[at + 3] = 2  # server_connections
    region.view[at + 5] = 9  # requests
    region.view[1] = 4  # curr_connections
    region.forget(scopes_of(pools))
    assert (region.view[at + 3], region.view[at + 5], region.view[1]) == (0, 9, 0)
    region.close()


def test_what_a_dead_worker_owed_is_abandoned() -> None:
    region = Region(MIN_BLOCKS)
    pools = Blocks(Config(())).assign(Config((pool("a", "s"),)), [region])
    at = pools[0].block * BLOCK_SLOTS
    region.view[at + slot.CLIENT_REQUESTS] = 9
    region.view[at + slot.CLIENT_RESPONSES] = 4
    region.view[at + slot.CLIENT_ERRORS] = 2
    region.view[at + slot.ABANDONED] = 1
    for _ in range(2):
        region.forget(scopes_of(pools))
        assert region.view[at + slot.ABANDONED] == 3
    region.close()
