"""Slow requests: what is kept of them, and what of that may leave."""

import time

import pytest

from tests.support.wire import resp
from twemproxy import cli
from twemproxy.stats.disclosure import disclosed
from twemproxy.stats.slowlog import (
    MAX_ENTRIES,
    MAX_NOTE_BYTES,
    Entry,
    SlowLog,
    Trace,
    Tracer,
    command_and_key,
    in_order,
)


def taken(trace: Trace, now_us: int = 1000, hashed: bool = False) -> Entry:
    """Take a request down that arrived at 100."""
    log = SlowLog()
    Tracer(log, "alpha", hashed).take(trace, 100, now_us, "1.2.3.4:5")
    (entry,) = log.entries
    return entry


def trace(sent_us: int = 0, answered_us: int = 0, note: bytes = b"") -> Trace:
    """Make the trace of a request that came this far."""
    made = Trace()
    made.sent_us, made.note = sent_us, note
    if answered_us:
        made.answer(answered_us, sent_us, "h:1:1")
    return made


@pytest.mark.parametrize(
    ("way", "parts"),
    [
        (trace(300, 900), (200, 600, 100)),
        (trace(300), (200, 700, 0)),  # timed out
        (trace(), (900, 0, 0)),  # never sent
        (trace(100, 1000), (0, 900, 0)),
    ],
)
def test_the_parts_of_the_time_add_up(way: Trace, parts: tuple[int, ...]) -> None:
    entry = taken(way)
    names = ("queue_us", "server_us", "proxy_us")
    assert tuple(entry[name] for name in names) == parts
    assert sum(parts) == entry["total_us"] == 900


@pytest.mark.parametrize(
    ("note", "command", "key"),
    [
        (resp("GET", "user:7"), "get", b"user:7"),
        (resp("EVAL", "return 1", "1", "user:7"), "eval", b"user:7"),
        (resp("MGET", "a", "b"), "mget", b"a"),
        (resp("PING"), "ping", b""),
        (b"get user:7 user:8\r\n", "get", b"user:7"),
        (b"gat 10 user:7\r\n", "gat", b"user:7"),
        (b"", "", b""),
    ],
)
def test_command_and_key_are_found(note: bytes, command: str, key: bytes) -> None:
    assert command_and_key(note) == (command, key)


def test_a_request_that_was_cut_off_still_tells_what_it_has() -> None:
    note = resp("SET", "k" * 1000, "v")[:MAX_NOTE_BYTES]
    command, key = command_and_key(note)
    assert command == "set"
    assert 200 < len(key) < 1000
    assert set(key) == {ord("k")}
    for end in range(len(note)):
        command_and_key(note[:end])


def test_the_ring_is_bounded_and_keeps_the_latest() -> None:
    log = SlowLog()
    tracer = Tracer(log, "alpha", False)
    for i in range(MAX_ENTRIES + 10):
        tracer.take(Trace(), 0, i, "")
    assert len(log.entries) == MAX_ENTRIES
    assert log.entries[-1]["total_us"] == MAX_ENTRIES + 9


def test_a_key_leaves_cut_and_escaped() -> None:
    entry = taken(trace(note=resp("GET", b"\x1b[2J\xff" + b"x" * 100)))
    key = disclosed(entry)["key"]
    assert key.startswith("\\x1b[2J\\xff")
    assert key.endswith("x…")
    assert len(key) < 80


def test_a_hashed_key_does_not_leave() -> None:
    shown = disclosed(taken(trace(note=resp("GET", "user:7")), hashed=True))
    assert "user" not in str(shown)
    assert len(shown["key"]) == 16


def test_the_latest_of_several_workers_is_last_also_when_the_clock_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entries = []
    for now_us, clock_ns in ((1000, 9000), (2000, 7000), (3000, 8000)):
        monkeypatch.setattr(time, "time_ns", lambda found=clock_ns: found)
        entries.append(taken(trace(), now_us))
    mixed = [entries[1], entries[0], entries[2]]
    assert in_order(mixed) == entries


@pytest.mark.parametrize("count", ["0", "-1", "all"])
def test_less_than_one_request_is_not_shown_as_all_of_them(
    count: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["slowlog", f"-n={count}"])
    assert end.value.code == 1
    assert f"found '{count}', expected a whole number" in capsys.readouterr().err
