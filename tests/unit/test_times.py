"""Whose histogram the time of a request goes to, and what is the queue's part of it."""

import socket

import pytest

from tests.support.inside import Inside, take
from tests.support.wire import resp
from twemproxy.stats import slot
from twemproxy.stats.histogram import time_sum_us, times
from twemproxy.stats.metrics import REQUEST_TIMES, SERVER_TIMES, Histogram

POOL, SERVER = 1, 2  # the blocks
GET = resp("GET", "k")
NIL = b"$-1\r\n"
QUEUE, AT_SERVER = SERVER_TIMES

REDIS = [
    (GET, NIL, "read"),
    (resp("SET", "k", "v"), b"+OK\r\n", "write"),
    (resp("HGETALL", "k"), b"*0\r\n", "read"),
    (resp("SUNION", "k", "l"), b"*0\r\n", "read"),
    (resp("MGET", "k"), b"*1\r\n$-1\r\n", "split"),
    (resp("DEL", "k", "l"), b":2\r\n", "split"),
    (resp("MSET", "k", "v"), b"+OK\r\n", "split"),
    (resp("DBSIZE"), b":2\r\n", "fanout"),
    (resp("SCAN", "0"), b"*2\r\n$1\r\n0\r\n*0\r\n", "fanout"),
    (resp("EVAL", "return 1", "1", "k"), b":1\r\n", "script"),
    (resp("PING"), b"", "local"),
    (resp("NONSENSE"), b"", "local"),
]
MEMCACHED = [
    (b"get k\r\n", b"END\r\n", "read"),
    (b"mg k\r\n", b"EN\r\n", "read"),
    (b"set k 0 0 1\r\nv\r\n", b"STORED\r\n", "write"),
    (b"gat 1 k\r\n", b"END\r\n", "write"),
    (b"get k l\r\n", b"END\r\n", "split"),
    (b"flush_all\r\n", b"OK\r\n", "fanout"),
    (b"mn\r\n", b"", "local"),
]
CASES = [(True, *case) for case in REDIS] + [(False, *case) for case in MEMCACHED]


def counted(inside: Inside, block: int, *histograms: Histogram) -> int:
    """How many times there are in histograms of a block."""
    return sum(times(block, histograms, [inside.slots]))


def answered(inside: Inside, server: socket.socket, text: bytes) -> None:
    """Let the server say something."""
    server.send(text)
    inside.turn()


@pytest.mark.parametrize(("redis", "request_", "response", "name"), CASES)
def test_a_request_s_time_goes_to_the_histogram_of_its_class(
    redis: bool, request_: bytes, response: bytes, name: str
) -> None:
    with Inside(redis=redis) as inside, inside.client() as client:
        client.send(request_)
        inside.turn()
        if response:
            with inside.server() as server:
                inside.turn()
                answered(inside, server, response)
        assert take(client)
        found = {row.name: counted(inside, POOL, row) for row in REQUEST_TIMES}
        assert found == {row.name: int(row.name == name) for row in REQUEST_TIMES}


def test_what_is_written_at_once_has_waited_for_nothing() -> None:
    with Inside() as inside, inside.client() as client:
        client.send(GET)
        inside.turn()
        with inside.server() as server:
            answered(inside, server, NIL)
            waited_us = time_sum_us(SERVER, QUEUE, [inside.slots])
            assert waited_us > 0  # for the connection
            for asked in (2, 3):
                client.send(GET)
                inside.turn()
                assert counted(inside, SERVER, QUEUE) == asked
                answered(inside, server, NIL)
                assert counted(inside, SERVER, AT_SERVER) == asked
            assert times(SERVER, [QUEUE], [inside.slots])[0] >= 2
            assert time_sum_us(SERVER, QUEUE, [inside.slots]) == waited_us


def test_what_the_server_does_not_take_waits_in_its_queue() -> None:
    with Inside() as inside, inside.client() as client:
        client.send(GET)
        inside.turn()
        with inside.server() as server:
            answered(inside, server, NIL)
            crowd = []
            while not inside.block(SERVER).get(slot.IN_QUEUE):
                crowd.append(inside.client())
                crowd[-1].send(resp("SET", "k", "v" * 100_000))
                inside.turn()
            client.send(GET)
            inside.turn()
            written = len(crowd)  # the first GET, and all but the last of these
            assert counted(inside, SERVER, QUEUE) == written
            waited_us = time_sum_us(SERVER, QUEUE, [inside.slots])
            while take(server):
                inside.turn()
            assert counted(inside, SERVER, QUEUE) == written + 2
            assert time_sum_us(SERVER, QUEUE, [inside.slots]) > waited_us
            answered(inside, server, b"+OK\r\n" * len(crowd) + NIL)
            assert counted(inside, SERVER, AT_SERVER) == written + 2
            assert take(client) == NIL + NIL
            for one in crowd:
                one.close()


def test_the_proxy_s_own_requests_are_in_no_histogram() -> None:
    with Inside(redis_db=3) as inside, inside.client() as client:
        client.send(GET)
        inside.turn()
        with inside.server() as server:
            answered(inside, server, b"+OK\r\n" + NIL)
        assert counted(inside, SERVER, QUEUE) == 1
        assert counted(inside, SERVER, AT_SERVER) == 1
