"""memcached requests that concern every server: statistics, flushing, meta."""

from base64 import b64encode
from collections.abc import Callable
from typing import Final

import pytest

from tests.support.backends import MemcachedServer
from tests.support.proxy import Proxy, pool
from tests.support.waiting import wait_until
from tests.support.wire import Wire
from twemproxy.wire import rule
from twemproxy.wire.memcache.commands import COMMANDS, Command

Memcached = Callable[..., list[MemcachedServer]]
Start = Callable[[str], Proxy]
DEAD: Final = b"SERVER_ERROR Connection refused\r\n"
KEYS: Final = [b"key:%d" % i for i in range(60)]
REFUSED: Final = [row for row in COMMANDS if row.how == rule.REFUSED]


def read_until(wire: Wire, ending: bytes) -> bytes:
    """Read lines up to one that is `ending`."""
    heard = b""
    while not heard.endswith(ending):
        line = wire.read_line()
        assert line, heard
        heard += line
    return heard


def stats(wire: Wire, line: bytes = b"stats") -> dict[str, str]:
    """Ask for statistics; names and values."""
    wire.send(line + b"\r\n")
    lines = read_until(wire, b"END\r\n").decode().splitlines()[:-1]
    assert all(line.startswith("STAT ") for line in lines)
    return dict(line[5:].split(" ", 1) for line in lines)


def fill(wire: Wire) -> None:
    """Store a value under each key."""
    for key in KEYS:
        stored = wire.ask(b"set %b 0 0 1\r\nv\r\n" % key, b"STORED\r\n")
        assert stored == b"STORED\r\n"


def get_all(wire: Wire) -> bytes:
    """Ask for all values."""
    wire.send(b"get %b\r\n" % b" ".join(KEYS))
    return read_until(wire, b"END\r\n")


def test_statistics_tell_of_the_pool(memcache_proxy: Proxy) -> None:
    with memcache_proxy.connect() as wire:
        before = stats(wire)
        fill(wire)
        get_all(wire)
        wire.ask(b"mg k\r\ntouch k 0\r\nflush_all\r\n", b"EN\r\nNOT_FOUND\r\nOK\r\n")
        after = stats(wire)
    assert before["version"].startswith("1.")
    assert int(after["total_items"]) - int(before["total_items"]) == len(KEYS)
    assert before["pointer_size"] == "64"
    assert before["servers"] == "3"
    assert int(before["pid"]) > 0
    assert abs(int(before["time"]) - int(after["time"])) < 60
    counts = ["cmd_get", "cmd_set", "cmd_meta", "cmd_touch", "cmd_flush"]
    assert [before[name] for name in counts] == ["0"] * 5
    assert [after[name] for name in counts] == ["60", "60", "1", "1", "1"]
    assert int(after["bytes_read"]) > int(before["bytes_read"]) > 0


def test_bytes_are_counted_once(memcache_proxy: Proxy) -> None:
    name = "client_bytes_in"
    with memcache_proxy.connect() as wire:
        line = b"get %b\r\n" % KEYS[0]
        wire.ask(line, b"END\r\n")
        # The pool's own counter has them once the sweep has looked at the client.
        wait_until(lambda: memcache_proxy.pool_stats()[name], "bytes to be counted")
        assert int(stats(wire)["bytes_read"]) == len(line) + len(b"stats\r\n")


def test_statistics_of_servers_bear_their_names(memcache_proxy: Proxy) -> None:
    with memcache_proxy.connect() as wire:
        fill(wire)
        settings = stats(wire, b"stats settings")
        items = stats(wire, b"stats items")
    for number in (1, 2, 3):
        assert settings[f"server{number}:maxbytes"] == str(64 << 20)
    numbers = [int(items[name]) for name in items if name.endswith(":number")]
    assert len(numbers) > 1
    assert sum(numbers) == len(KEYS)


def test_statistics_of_an_only_server_come_as_they_are(
    memcached_servers: Memcached, proxy: Start
) -> None:
    running = proxy(pool(memcached_servers(1), redis=False))
    with running.connect() as wire:
        assert stats(wire, b"stats settings")["evictions"] == "on"
        assert wire.ask(b"stats nothing\r\n", b"ERROR\r\n") == b"ERROR\r\n"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"stats reset", b"RESET\r\n"),
        (b"stats detail off", b"OK\r\n"),
        (b"stats detail", b"CLIENT_ERROR usage: stats detail on|off|dump\r\n"),
        (b"stats cachedump x x", b"CLIENT_ERROR bad command line format\r\n"),
        (b"stats cachedump 1 1", b"END\r\n"),
        (b"stats sizes_enable", b"ERROR\r\n"),
        (b"stats nothing", b"ERROR\r\n"),
        (b"verbosity 0", b"OK\r\n"),
        (b"verbosity x", b"CLIENT_ERROR bad command line format\r\n"),
        (b"flush_all 10000", b"OK\r\n"),
        (b"flush_all x", b"CLIENT_ERROR invalid exptime argument\r\n"),
    ],
)
def test_what_all_servers_say_is_said_once(
    memcache_proxy: Proxy, line: bytes, answer: bytes
) -> None:
    expected = answer + b"MN\r\n"
    with memcache_proxy.connect() as wire:
        assert wire.ask(line + b"\r\nmn\r\n", expected) == expected


def test_a_dead_server_is_a_line_among_others(
    memcached_servers: Memcached, proxy: Start
) -> None:
    servers = memcached_servers(2)
    running = proxy(pool(servers, redis=False))
    servers[0].kill()
    with running.connect() as wire:
        found = stats(wire, b"stats settings")
        assert found["server1:error"] == "Connection refused"
        assert found["server2:evictions"] == "on"
        assert wire.ask(b"stats reset\r\n", DEAD) == DEAD
        assert wire.ask(b"flush_all\r\n", DEAD) == DEAD
        assert wire.ask(b"flush_all noreply\r\nmn\r\n", b"MN\r\n") == b"MN\r\n"
        servers[1].kill()
        assert "version" not in stats(wire)
        assert "pid" in stats(wire)
        assert wire.ask(b"stats settings\r\n", DEAD) == DEAD


def test_without_a_live_server_there_is_an_answer(
    memcached_servers: Memcached, proxy: Start
) -> None:
    (server,) = memcached_servers(1)
    running = proxy(
        pool([server], redis=False, auto_eject_hosts=True, server_failure_limit=1)
    )
    server.kill()
    with running.connect() as wire:
        assert wire.ask(b"get k\r\n", DEAD) == DEAD
        assert wire.ask(b"flush_all\r\n", DEAD) == DEAD
        assert wire.ask(b"stats items\r\n", DEAD) == DEAD
        assert wire.ask(b"gat 0 a b\r\n", DEAD) == DEAD
        assert stats(wire)["servers_ejected"] == "1"


@pytest.mark.parametrize("line", [b"flush_all", b"flush_all 0", b"flush_all noreply"])
def test_flushing_reaches_every_server(memcache_proxy: Proxy, line: bytes) -> None:
    with memcache_proxy.connect() as wire:
        fill(wire)
        answer = b"" if b"noreply" in line else b"OK\r\n"
        wire.send(line + b"\r\nmn\r\n")
        assert read_until(wire, b"MN\r\n") == answer + b"MN\r\n"
        assert get_all(wire) == b"END\r\n"


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.name.decode())
def test_what_manages_a_server_is_refused_and_the_connection_stays(
    memcache_proxy: Proxy, row: Command
) -> None:
    refusal = b"CLIENT_ERROR %b is not supported by the proxy: %b\r\nMN\r\n"
    with memcache_proxy.connect() as wire:
        expected = refusal % (row.name, row.reason)
        assert wire.ask(row.name + b" x\r\nmn\r\n", expected) == expected
        assert wire.ask(row.name + b" x noreply\r\nmn\r\n", b"MN\r\n") == b"MN\r\n"


@pytest.mark.parametrize("line", [b"config get cluster", b"auth user word"])
def test_what_memcached_does_not_know_gets_its_error(
    memcache_proxy: Proxy, line: bytes
) -> None:
    expected = b"ERROR\r\nMN\r\n"  # clients that look for a cluster go on without
    with memcache_proxy.connect() as wire:
        assert wire.ask(line + b"\r\nmn\r\n", expected) == expected


def test_quiet_misses_say_nothing_and_hits_keep_their_order(
    memcache_proxy: Proxy,
) -> None:
    with memcache_proxy.connect() as wire:
        fill(wire)
        asked = [key for pair in zip(KEYS, KEYS, strict=True) for key in pair]
        lines = [
            b"mg %b v q k O%d\r\n" % (key if i % 2 else key + b":none", i)
            for i, key in enumerate(asked)
        ]
        wire.send(b"".join(lines) + b"mn\r\n")
        expected = [
            b"VA 1 k%b O%d\r\nv\r\n" % (key, i) for i, key in enumerate(asked) if i % 2
        ]
        assert read_until(wire, b"MN\r\n") == b"".join(expected) + b"MN\r\n"


def test_quiet_errors_come_where_they_belong(memcache_proxy: Proxy) -> None:
    session = (
        b"ms a 2 q\r\nok\r\nms b 2 q\r\nbad\r\nget a\r\nms c 2 q Z\r\nok\r\n"
        b"ms d x q\r\nmd none q\r\nma a q\r\nmn\r\n"
    )
    expected = (
        b"CLIENT_ERROR bad data chunk\r\nERROR\r\nVALUE a 0 2\r\nok\r\nEND\r\n"
        b"CLIENT_ERROR invalid flag\r\nCLIENT_ERROR bad command line format\r\nNF\r\n"
        b"CLIENT_ERROR cannot increment or decrement non-numeric value\r\nMN\r\n"
    )
    with memcache_proxy.connect() as wire:
        assert wire.ask(session, expected) == expected


def test_a_key_in_base64_is_the_key_that_it_means(memcache_proxy: Proxy) -> None:
    with memcache_proxy.connect() as wire:
        for key in KEYS:
            word = b64encode(key)
            stored = b"HD k%b b\r\n" % word
            assert wire.ask(b"ms %b 1 b k\r\nv\r\n" % word, stored) == stored
        assert get_all(wire).count(b"VALUE") == len(KEYS)
        no_key = b"CLIENT_ERROR error decoding key\r\n"
        assert wire.ask(b"ms a*b= 4 b\r\nmn\r\n\r\n", no_key) == no_key
        assert wire.ask(b"mn\r\n", b"MN\r\n") == b"MN\r\n"


EXTENDING = (
    b"CLIENT_ERROR making or extending a value is not supported by the proxy"
    b" for a key with a line end\r\n"
)


@pytest.mark.parametrize("line", [b"mg %b b k N30", b"mg %b N30 q b", b"ma %b b N30"])
def test_a_key_is_no_reply_of_its_own(memcache_proxy: Proxy, line: bytes) -> None:
    with memcache_proxy.connect() as wire:
        for key in (b"a\r\nHD", b"a\n", b"\ra"):
            word = b64encode(key)
            wire.send(line % word + b"\r\n")
            assert wire.read_line() == EXTENDING
            gone = b"EN\r\nEN k%b b\r\n" % word
            assert wire.ask(b"me %b b\r\nmg %b b k\r\n" % (word, word), gone) == gone
        made = line % b64encode(b"a b") + b"\r\nmn\r\n"
        wire.send(made)
        assert b"ERROR" not in read_until(wire, b"MN\r\n")


@pytest.mark.parametrize(
    "line", [b"ms %b 1 b MA\r\n9", b"ms %b 1 Mp b\r\n9", b"ma %b b"]
)
def test_a_key_is_no_reply_of_its_own_either_once_its_value_has_grown(
    memcache_proxy: Proxy, line: bytes
) -> None:
    word = b64encode(b"a\r\nHD kFORGED")
    told = b"HD\r\n" + EXTENDING + b"HD k%b b\r\nMN\r\n" % word
    session = b"ms %b 1 b\r\n9\r\n%b\r\nmg %b b k\r\nmn\r\n"
    with memcache_proxy.connect() as wire:
        assert wire.ask(session % (word, line % word, word), told) == told


@pytest.mark.parametrize("flags", [16, 17, 18, 30])
def test_the_block_of_a_meta_set_is_never_a_command(
    memcache_proxy: Proxy, flags: int
) -> None:
    line = b"ms k 20" + b" c" * flags
    with memcache_proxy.connect() as wire:
        wire.send(line + b"\r\nset evil 0 0 2\r\nok\r\n\r\nget evil\r\nmn\r\n")
        error, rest = read_until(wire, b"MN\r\n").split(b"\r\n", 1)
        assert error.startswith(b"CLIENT_ERROR ")
        assert rest == b"END\r\nMN\r\n"


@pytest.mark.parametrize("name", [b"gat 100", b"gats 100", b"get", b"gets"])
def test_so_many_keys_that_memcached_would_hang_up(
    memcache_proxy: Proxy, name: bytes
) -> None:
    keys = [b"%b:%03d" % (b"k" * 200, i) for i in range(400)]
    with memcache_proxy.connect() as wire:
        for key in keys[::2]:
            wire.send(b"set %b 0 0 3 noreply\r\n%b\r\n" % (key, key[-3:]))
        wire.send(b"%b %b\r\n" % (name, b" ".join(keys)))
        heard = read_until(wire, b"END\r\n").split(b"\r\n")
    assert heard[1:-2:2] == [key[-3:] for key in keys[::2]]
    for server in ("server1", "server2", "server3"):
        assert memcache_proxy.server_stats(server)["server_eof"] == 0


def test_a_request_goes_on_after_a_reload_in_its_middle(
    memcached_servers: Memcached, proxy: Start
) -> None:
    servers = memcached_servers(2)
    running = proxy(pool(servers[:1], redis=False))
    again = pool(
        servers, redis=False, listen=f"127.0.0.1:{running.port}", max_request_keys=2
    )
    bad_line = b"CLIENT_ERROR bad command line format\r\n"
    with running.connect() as half, running.connect() as refused:
        half.send(b"set k 0 0 5\r\nhe")
        assert refused.ask(b"set k x 0 5\r\nhe", bad_line) == bad_line
        running.reload(again)
        stored = b"STORED\r\nVALUE k 0 5\r\nhello\r\nEND\r\n"
        assert half.ask(b"llo\r\nget k\r\n", stored) == stored
        assert refused.ask(b"llo\r\nmn\r\n", b"MN\r\n") == b"MN\r\n"
        refused.send(b"get a b c d e\r\n")
        assert refused.read_to_end() == b"CLIENT_ERROR too many keys\r\n"
