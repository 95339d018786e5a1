"""`nutcracker top` in a terminal, on a proxy with traffic."""

import os
import re
import shlex
import signal
import sys
from collections.abc import Callable

from tests.support.backends import RedisServer
from tests.support.fleet import Fleet
from tests.support.ports import Reservation
from tests.support.proxy import Proxy, environment, pool
from tests.support.terminal import COLUMNS, ROWS, Terminal
from tests.support.waiting import wait_until
from tests.support.wire import resp

Start = Callable[..., Proxy]
TOP = (sys.executable, "-m", "twemproxy", "top", "-i", "0.2")


def traffic(running: Proxy) -> None:
    """Ask for enough keys that every server gets some."""
    with running.connect() as wire:
        for i in range(40):
            wire.send(resp("GET", f"key{i}"))
        wire.read_until_quiet()


def test_top_shows_pools_servers_and_slow_requests(fleet: Fleet, proxy: Start) -> None:
    servers: list[RedisServer | Reservation] = [*fleet.redis(2)]
    with Reservation() as nobody:
        running = proxy(pool([*servers, nobody], slowlog_us=1, timeout=2000))
        with Terminal([*TOP, "--pid", str(running.pid)], environment()) as terminal:

            def seen() -> re.Match[str] | None:
                traffic(running)
                screen = terminal.screen
                shown = re.search(r"alpha +server3 +down", screen)
                busy = re.search(r"alpha +server1 +live +[1-9]", screen)
                slow = re.search(r"get +key\d+ +127.0.0.1", screen)
                return shown and busy and slow

            wait_until(seen, "a busy screen", 30)
            lines = terminal.screen.splitlines()
            assert len(lines) <= ROWS
            assert max(map(len, lines)) <= COLUMNS
            assert re.search(r"workers 1 +config 1 +conns \d+", lines[0])
            assert lines[3].split()[:3] == ["pool", "clients", "req/s"]
            assert lines[4].split()[0] == "alpha"
            assert "Quit" in lines[-1]


def test_keys_pause_order_and_quit(fleet: Fleet, proxy: Start) -> None:
    running = proxy(pool(fleet.redis(2)))
    with Terminal([*TOP, "--pid", str(running.pid)], environment()) as terminal:
        wait_until(lambda: "server2" in terminal.screen, "the screen", 30)
        terminal.press("p")
        wait_until(lambda: "PAUSED" in terminal.screen, "a pause")
        terminal.press("s")
        wait_until(lambda: "by requests" in terminal.screen, "another order")
        terminal.press("q")
        wait_until(lambda: not terminal.running, "the end")


def test_who_ends_top_gets_the_terminal_back(fleet: Fleet, proxy: Start) -> None:
    running = proxy(pool(fleet.redis(1)))
    top = shlex.join([*TOP, "--pid", str(running.pid)])
    shell = ["sh", "-c", f"echo before; {top}; echo ended $?; sleep 60"]
    with Terminal(shell, environment()) as terminal:
        wait_until(lambda: "server1" in terminal.screen, "the screen", 30)
        os.kill(terminal.child, signal.SIGTERM)
        wait_until(lambda: "ended 143" in terminal.screen, "the end")
        assert terminal.screen.split() == ["before", "ended", "143"]


def test_top_outlives_its_proxy_and_says_so(fleet: Fleet, proxy: Start) -> None:
    running = proxy(pool(fleet.redis(1)))
    with Terminal([*TOP, "--pid", str(running.pid)], environment()) as terminal:
        wait_until(lambda: "server1" in terminal.screen, "the screen", 30)
        running.close()
        gone = f"nutcracker with pid {running.pid}: Connection refused"
        wait_until(lambda: gone in terminal.screen, "the news")
