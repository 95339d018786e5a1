"""The metrics page: every number is there, under a clean name, in both formats."""

import re
from array import array

import pytest
from prometheus_client import Metric as Family
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from twemproxy.stats import slot
from twemproxy.stats.collect import PoolBlock, ServerBlock
from twemproxy.stats.counters import Block, bucket_of
from twemproxy.stats.histogram import bound_us, quantile_us, times
from twemproxy.stats.metrics import (
    BLOCK_SLOTS,
    HISTOGRAM_BUCKETS,
    REQUEST_TIMES,
    SERVER_TIMES,
    TABLE,
)
from twemproxy.stats.prometheus import exported_name, page
from twemproxy.stats.snapshot import Snapshot

POOLS = (PoolBlock("a", 1, (ServerBlock("s1", 2), ServerBlock('q"\\\n', 3))),)
FORMATS = ["text/plain", "application/openmetrics-text; version=1.0.0"]


def view() -> memoryview:
    """Make the counters of one worker."""
    return memoryview(array("q", bytes(8 * BLOCK_SLOTS * 4)))


def snapshot(*views: memoryview) -> Snapshot:
    """Make a moment with these counters."""
    return Snapshot(POOLS, views, 3, 1, 1700000000.0, 5000)


def families(*views: memoryview, accept: str = FORMATS[0]) -> list[Family]:
    """Read the page as Prometheus does."""
    body, kind = page(snapshot(*(views or (view(),))), accept)
    assert kind.startswith(accept.partition(";")[0])
    text = body.decode()
    if accept == FORMATS[0]:
        return list(text_string_to_metric_families(text))
    parse = openmetrics.text_string_to_metric_families
    return list(parse(text))  # type: ignore[no-untyped-call] # it is so


def values(name: str, *views: memoryview) -> dict[tuple[str, ...], float]:
    """Give the samples of one name by their labels."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in families(*views)
        for sample in family.samples
        if sample.name == name
    }


@pytest.mark.parametrize(
    ("version", "wanted"),
    [
        *(("x.y.z", False), ("\xb2", False), ("1" * 5000, False), ("", False)),
        *(('"1.0.0"', True), (" 1.0.0 ", True)),
    ],
)
def test_a_version_that_is_none_is_answered_all_the_same(
    version: str, wanted: bool
) -> None:
    accept = f"application/openmetrics-text;version={version};q=1, text/plain;q=.5"
    kind = page(snapshot(view()), accept)[1]
    assert kind.startswith("application/openmetrics-text") == wanted


@pytest.mark.parametrize("accept", FORMATS)
def test_every_row_of_the_table_is_exported_once(accept: str) -> None:
    names = [family.name for family in families(accept=accept)]
    assert len(set(names)) == len(names)
    assert {exported_name(row) for row in TABLE} <= set(names)


def test_names_are_clean() -> None:
    for row in TABLE:
        name = exported_name(row)
        assert re.fullmatch(r"twemproxy_[a-z]+(_[a-z]+)*", name)
        assert not name.endswith(("_total", "_count", "_sum", "_bucket"))


def test_workers_add_up_and_times_are_seconds() -> None:
    one, two = view(), view()
    Block(one, 2).add(5, 7)
    Block(two, 2).add(5, 8)
    Block(one, 2).put(4, 1_500_000)
    Block(one, 0).put(2, 4000)
    assert values("twemproxy_server_requests_total", one, two)["a", "s1"] == 15
    ejected = values("twemproxy_server_ejected_timestamp_seconds", one, two)
    assert ejected["a", "s1"] == 1.5
    ages = values("twemproxy_heartbeat_age_seconds", one, two)
    assert ages == {("0",): 1.0, ("1",): 5.0}


def test_labels_are_escaped() -> None:
    assert values("twemproxy_server_requests_total").keys() == {
        ("a", "s1"),
        ("a", 'q"\\\n'),
    }


def test_a_histogram_counts_every_time_in_all_buckets_above_it() -> None:
    counters = view()
    block = Block(counters, 1)
    for time_us in (0, 100, 128, 10_000_000_000):
        block.observe(slot.WRITE_TIMES, time_us)
    (histogram,) = [
        family
        for family in families(counters)
        if family.name == "twemproxy_request_duration_seconds"
    ]
    found = {
        sample.labels.get("le", sample.name.rpartition("_")[2]): sample.value
        for sample in histogram.samples
        if sample.labels["class"] == "write"
    }
    assert (found["6.4e-05"], found["0.000128"], found["0.000256"]) == (1, 2, 3)
    assert (found["16.777216"], found["+Inf"], found["count"]) == (3, 4, 4)
    assert found["sum"] == pytest.approx(10_000.000228)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.99, 1.0])
def test_an_estimate_is_right_within_its_bucket(share: float) -> None:
    counters = view()
    known = [3 * i for i in range(1, 1001)]
    for time_us in known:
        Block(counters, 1).observe(slot.READ_TIMES, time_us)
    exact = known[max(0, int(share * len(known)) - 1)]
    estimate = quantile_us(times(1, REQUEST_TIMES, [counters]), share)
    assert estimate is not None
    assert exact / 2 <= estimate <= exact * 2
    assert quantile_us(times(2, SERVER_TIMES, [counters]), share) is None


def test_a_bucket_has_the_times_below_its_bound() -> None:
    edges = [0, *(edge for i in range(25) for edge in ((16 << i) - 1, 16 << i))]
    expected = [
        next(
            (i for i in range(HISTOGRAM_BUCKETS - 1) if edge < bound_us(i)),
            HISTOGRAM_BUCKETS - 1,
        )
        for edge in edges
    ]
    assert [bucket_of(edge) for edge in edges] == expected


def test_each_class_and_each_part_of_a_server_s_time_has_its_own_histogram() -> None:
    counters = view()
    for number, row in enumerate(REQUEST_TIMES, 1):
        Block(counters, 1).observe(row.slot, number)
    Block(counters, 2).observe_none(slot.QUEUE_TIMES, 5)
    Block(counters, 2).observe(slot.SERVER_TIMES, 2_000_000)
    sums = values("twemproxy_request_duration_seconds_sum", counters)
    assert sums == {(row.name, "a"): n / 1e6 for n, row in enumerate(REQUEST_TIMES, 1)}
    server = ("a", "s1")
    queued = values("twemproxy_server_queue_duration_seconds_count", counters)
    assert queued[server] == 5
    assert values("twemproxy_server_queue_duration_seconds_sum", counters)[server] == 0
    assert values("twemproxy_server_duration_seconds_sum", counters)[server] == 2


def test_the_texts_tell_the_units_of_the_page() -> None:
    for family in families():
        if "_seconds" in family.name:
            assert not re.search(r"\b(ms|usec)\b", family.documentation), family.name
            assert "then until" not in family.documentation
