"""The stats document: the original's keys in its order and spacing, then ours."""

import json
from array import array
from typing import Any

from twemproxy.console.stats import as_text
from twemproxy.console.words import table
from twemproxy.stats import metrics, slot
from twemproxy.stats.collect import Facts, PoolBlock, ServerBlock, document

FACTS = Facts("host1", 9, 1700000000, 2, 1)
POOLS = (
    PoolBlock("aa", 1, (ServerBlock("127.0.0.1:1", 2), ServerBlock("s2", 3))),
    PoolBlock("b", 4, (ServerBlock("s1", 5),)),
)


def view(**slots: int) -> memoryview:
    """Make one worker's counters: `b2_5=7` sets slot 5 of block 2."""
    counters = array("q", bytes(8 * metrics.BLOCK_SLOTS * 6))
    for name, value in slots.items():
        block, slot = name[1:].split("_")
        counters[int(block) * metrics.BLOCK_SLOTS + int(slot)] = value
    return memoryview(counters)


def shown(*views: memoryview) -> dict[str, Any]:
    """Read the document as a monitoring system does."""
    parsed: dict[str, Any] = json.loads(document(FACTS, POOLS, views))
    return parsed


def test_the_layout_is_the_original_s() -> None:
    text = document(FACTS, POOLS, [view()]).decode()
    assert text.startswith(
        '{"service":"nutcracker", "source":"host1", "version":"0.5.0", "uptime":9, '
        '"timestamp":1700000000, "total_connections":2, "curr_connections":2, '
    )
    assert ', "aa": {"client_eof":0, "client_err":0, "client_connections":0, ' in text
    assert ', "127.0.0.1:1": {"server_eof":0, "server_err":0, ' in text
    assert '},"s2": {' in text
    assert '}},"b": {' in text
    assert text.endswith("}}}\n")
    assert text.count("\n") == 1


def test_original_keys_come_first_in_their_order() -> None:
    pool = shown(view())["aa"]
    original = [row.name for row in metrics.POOL if row.original]
    ours = [row.name for row in metrics.POOL if not row.original]
    assert list(pool) == [*original, *ours, "127.0.0.1:1", "s2"]
    server = [row.name for row in metrics.SERVER]
    assert list(pool["s2"]) == server
    assert [row.original for row in metrics.SERVER] == sorted(
        (row.original for row in metrics.SERVER), reverse=True
    )


def test_workers_add_up_and_of_timestamps_the_latest_counts() -> None:
    parsed = shown(view(b0_0=5, b2_5=7, b2_4=100), view(b0_0=6, b2_5=1, b2_4=90))
    assert parsed["total_connections"] == 11 + len(POOLS)
    assert parsed["aa"]["127.0.0.1:1"]["requests"] == 8
    assert parsed["aa"]["127.0.0.1:1"]["server_ejected_at"] == 100


def test_marks_of_the_supervisor_are_not_shown() -> None:
    assert "heartbeat" not in shown(view(b0_2=77))


def test_names_are_escaped() -> None:
    pools = (PoolBlock('q"\\', 1, (ServerBlock('é"', 2),)),)
    parsed = json.loads(document(FACTS, pools, [view()]))
    assert 'é"' in parsed['q"\\']


def test_our_numbers_give_way_to_a_pool_or_server_of_their_name() -> None:
    servers = tuple(ServerBlock(name, 2) for name in ("abandoned", "requests"))
    names = ("workers", "release", "loop_ticks")
    pools = tuple(PoolBlock(name, 1, servers) for name in names)
    pairs: list[list[str]] = []

    def once(found: list[tuple[str, Any]]) -> dict[str, Any]:
        pairs.append([name for name, _ in found])
        return dict(found)

    text = document(FACTS, pools, [view()])
    parsed = json.loads(text, object_pairs_hook=once)
    assert all(len(set(found)) == len(found) for found in pairs)
    assert parsed["release"]["abandoned"]["requests"] == 0
    assert parsed["generation"] == 1
    assert "workers -" in as_text(parsed)
    assert "{" not in as_text(parsed)


def test_pools_with_the_names_of_facts_are_printed_as_well() -> None:
    names = ("source", "version", "uptime")
    pools = tuple(PoolBlock(name, 1, POOLS[1].servers) for name in names)
    lines = as_text(json.loads(document(FACTS, pools, [view()]))).splitlines()
    assert lines[0] == "?, version ?"
    assert lines[1].startswith("uptime 00:00:00  ")


def test_wide_letters_are_aligned_by_the_columns_they_take() -> None:
    rows = [("pool", "n"), ("日本", "1"), ("e\u0301", "10")]
    assert table(rows, right=1) == "pool   n\n日本   1\ne\u0301     10\n"


def test_no_pools_and_no_workers_is_still_a_document() -> None:
    assert json.loads(document(FACTS, (), ()))["total_connections"] == 0


def test_workers_count_in_the_slots_of_the_table() -> None:
    ours = {"process.client_refused": "REFUSED_CLIENTS", "process.loop_ticks": "TICKS"}
    for row in metrics.TABLE:
        name = ours.get(f"{row.scope}.{row.name}", row.name.upper())
        assert getattr(slot, name) == row.slot, row
    assert slot.SLOTS == metrics.BLOCK_SLOTS


def test_workers_take_times_down_in_the_histograms_of_the_table() -> None:
    assert slot.HISTOGRAM_SLOTS == metrics.HISTOGRAM_SLOTS == slot.BUCKETS + 1
    assert slot.BUCKETS == metrics.HISTOGRAM_BUCKETS
    assert 1 << slot.FIRST_POWER == metrics.FIRST_BOUND_US
    for row in metrics.REQUEST_TIMES + metrics.SERVER_TIMES:
        assert getattr(slot, f"{row.name.upper()}_TIMES") == row.slot
        assert row.slot + metrics.HISTOGRAM_SLOTS <= metrics.BLOCK_SLOTS


def test_no_slot_is_given_twice_and_none_reaches_the_histogram() -> None:
    for rows in (metrics.PROCESS, metrics.POOL, metrics.SERVER):
        assert [row.slot for row in rows] == list(range(len(rows)))
        assert len(rows) <= metrics.HISTOGRAMS_SLOT
        assert len({row.name for row in rows}) == len(rows)
