"""What `nutcracker top` makes of two looks at a proxy."""

import os
import subprocess
import sys
from typing import Any

import pytest

from twemproxy import cli
from twemproxy.console.rates import compare
from twemproxy.console.running import Running, Unreachable
from twemproxy.console.screen import (
    POOL_HEADINGS,
    SERVER_HEADINGS,
    amount,
    class_row,
    clock,
    in_order,
    name_limits,
    pool_limit,
    pool_row,
    server_row,
    shortened,
    slow_row,
)
from twemproxy.console.slowlog import as_text, duration
from twemproxy.console.top import Source
from twemproxy.console.words import columns

SERVER = {
    "server_err": 0,
    "server_timedout": 0,
    "server_eof": 0,
    "ejected": 0,
    "server_connections": 1,
    "in_queue": 2,
    "out_queue": 3,
    "requests": 0,
    "request_bytes": 0,
    "response_bytes": 0,
}


def state(asked: int = 0, slow: int = 0, **server: int) -> dict[str, Any]:
    """Make a state of one pool with one server; `slow` took about a millisecond."""
    times = [0] * 23
    times[6] = slow
    pool = {
        "client_connections": 4,
        "client_requests": asked,
        "forward_error": 0,
        "protocol_errors": 0,
        "s1": SERVER | server,
    }
    requests = {"read": times, "write": [0] * 23}
    server_times = {"queue": [slow] + [0] * 22, "server": times}
    facts = {"uptime": 7, "workers": 1, "generation": 2, "curr_connections": 9}
    return {
        "stats": {"source": "here", **facts, "a": pool},
        "histograms": {"a": {"times": requests, "servers": {"s1": server_times}}},
    }


def test_rates_are_what_changed_in_a_second() -> None:
    look = compare(state(100, requests=10), state(300, requests=70), 2.0)
    assert look.requests_s == look.pools[0].requests_s == 100
    assert (look.servers[0].requests_s, look.servers[0].queued) == (30, 5)


def test_times_are_those_of_the_requests_in_between() -> None:
    quiet = compare(state(slow=5), state(slow=5), 1.0)
    assert (quiet.pools[0].median_us, quiet.servers[0].tail_us) == (None, None)
    busy = compare(state(), state(slow=50), 1.0)
    assert busy.servers[0].median_us == pytest.approx(768)
    assert 512 < (busy.pools[0].tail_us or 0) <= 1024
    assert (busy.servers[0].queue_us or 99) <= 16


def test_classes_that_were_not_asked_for_are_not_shown() -> None:
    assert not compare(state(slow=5), state(slow=5), 1.0).pools[0].classes
    (busy,) = compare(state(), state(slow=50), 2.0).pools[0].classes
    assert (busy.name, busy.requests_s) == ("read", 25)
    assert class_row(busy)[0].plain.strip() == "read"
    assert len(class_row(busy)) == len(POOL_HEADINGS)


def test_another_proxy_in_its_place_begins_anew() -> None:
    look = compare(state(1000, slow=9), state(50, slow=3), 1.0)
    assert look.requests_s == 50
    assert look.pools[0].median_us is not None


@pytest.mark.parametrize(
    ("counters", "named"),
    [
        ({}, "live"),
        ({"server_connections": 0}, "idle"),
        ({"server_connections": 0, "server_err": 3}, "down"),
        ({"ejected": 1}, "ejected"),
    ],
)
def test_the_state_of_a_server_is_named(counters: dict[str, int], named: str) -> None:
    look = compare(state(), state(**counters), 1.0)
    assert look.servers[0].state == named
    row = server_row(look.servers[0], (16, 21))
    assert (row[2].plain, len(row)) == (named, len(SERVER_HEADINGS))


def test_servers_are_ordered_by_what_was_asked_for() -> None:
    (one,) = compare(state(), state(), 1.0).servers
    two = one._replace(label="s2", requests_s=9.0, tail_us=None)
    assert [server.label for server in in_order([one, two], "name")] == ["s1", "s2"]
    by_rate = in_order([one, two], "requests_s")
    assert [server.label for server in by_rate] == ["s2", "s1"]
    assert in_order([one, two], "tail_us")[1] is two


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (999, "999"), (1234, "1.2k"), (123456, "123k"), (5e6, "5.0M")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert amount(value) == text


def test_times_are_spelled_in_their_unit() -> None:
    spelled = [duration(time_us) for time_us in (None, 12, 1234, 2_500_000)]
    assert spelled == ["-", "12 µs", "1.2 ms", "2.5 s"]
    assert clock(3723) == "1:02:03"


def test_no_slow_request_is_a_table_of_headings() -> None:
    assert as_text([]).split()[:3] == ["time", "pool", "command"]


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (80, ("an-unus…of-pools", "redis-0042…mple.com:1")),
        (200, ("an-unus…of-pools", "redis-0042.eu.example.com:1")),
    ],
)
def test_long_names_leave_room_for_the_numbers(
    width: int, shown: tuple[str, str]
) -> None:
    (one,) = compare(state(), state(), 1.0).servers
    far = one._replace(
        pool="an-unusual-name-for-a-couple-of-pools",
        label="redis-0042.eu.example.com:1",
    )
    row = server_row(far, name_limits(width))
    assert (row[0].plain, row[1].plain) == shown


def test_a_pool_with_a_long_name_shows_its_numbers() -> None:
    (one,) = compare(state(), state(), 1.0).pools
    name = "an-unusual-name-for-a-couple-of-pools"
    row = pool_row(one._replace(name=name), pool_limit(80))
    assert row[0].plain == "an-unusu…-of-pools"
    assert pool_row(one._replace(name=name), pool_limit(200))[0].plain == name


@pytest.mark.parametrize("limit", [3, 8, 9, 16])
def test_wide_letters_are_shortened_by_their_columns(limit: int) -> None:
    text = shortened("日本語のとても長い名前", limit)
    assert "…" in text
    assert limit - 2 <= columns(text) <= limit


def test_pools_named_as_facts_are_shown_as_well() -> None:
    named = state()
    named["stats"]["uptime"] = named["stats"]["source"] = {"s1": SERVER}
    look = compare(named, named, 1.0)
    assert (look.source, look.uptime_s) == ("?", 0)


def test_an_address_is_never_cut() -> None:
    (one,) = compare(state(), state(), 1.0).servers
    near = one._replace(label="255.255.255.255:65535")
    assert server_row(near, name_limits(40))[1].plain == near.label


def test_what_clients_name_gives_the_terminal_no_orders() -> None:
    names = ("pool", "command", "key", "server")
    times = dict.fromkeys(("total_us", "queue_us", "server_us"), 1)
    row = slow_row(dict.fromkeys(names, "\x1b[2J") | times)
    assert "\x1b" not in "".join(map(str, row))
    assert str(row[-1]) == r"\x1b[2J"


class Gone(Running):
    """A proxy that was there once."""

    def get(self, path: str, shape: Any) -> Any:
        """Refuse."""
        raise Unreachable(f"{path}: gone")


class There(Running):
    """A proxy that is there."""

    def get(self, path: str, shape: Any) -> Any:
        """Answer."""
        return {"path": path}


def test_after_a_restart_the_successor_is_asked() -> None:
    found = iter([Gone(1), There(2)])
    _, seen = Source(lambda: next(found)).state()
    assert seen == {"path": "/state"}


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "soon", "0.01"])
def test_an_interval_that_no_look_fits_in_is_refused(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["top", f"-i={text}"])
    assert end.value.code == 1
    assert f"found '{text}', expected seconds from 0.1" in capsys.readouterr().err


def test_top_needs_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["top"]) == 1
    assert "top needs a terminal" in capsys.readouterr().err


def test_top_draws_into_no_file() -> None:
    leader, terminal = os.openpty()
    ran = subprocess.run(
        [sys.executable, "-m", "twemproxy", "top", "--admin=1"],
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(leader)
    os.close(terminal)
    assert ran.returncode == 1
    assert b"top needs a terminal" in ran.stderr
