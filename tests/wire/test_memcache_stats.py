"""The statistics of several memcached servers make one reply that can be read."""

import pytest

from twemproxy.wire.memcache.stats import added_up, joined, stat_lines

RESET = b"RESET\r\n"
DOWN = b"SERVER_ERROR Connection refused\r\n"
AT_END = b"SERVER_ERROR this is the END\r\n"
USAGE = b"CLIENT_ERROR usage: stats detail on|off|dump\r\n"


def stats(*pairs: str) -> bytes:
    """Encode the reply with these lines."""
    return b"".join([b"STAT %b\r\n" % pair.encode() for pair in pairs]) + b"END\r\n"


@pytest.mark.parametrize(
    ("replies", "reply"),
    [
        ([stats("a 1")], stats("a 1")),
        ([stats("a 1", "b 5"), stats("a 2", "c 7")], stats("a 3", "b 5", "c 7")),
        ([stats("uptime 9"), stats("uptime 10")], stats("uptime 10")),
        ([stats("version 1.6.1"), stats("version 1.5")], stats("version 1.6.1")),
        (
            [stats("rusage_user 0.9"), stats("rusage_user 1.1")],
            stats("rusage_user 2.000000"),
        ),
        ([stats(f"a {2**64 - 1}")] * 2, stats(f"a {2**65 - 2}")),
        ([b"STAT\r\nEND\r\n"] * 2, stats(" ")),
        ([DOWN, stats("a 1"), b"END\r\n"], stats("a 1")),
        ([DOWN], b"END\r\n"),
    ],
)
def test_statistics_are_added_up_where_they_count_something(
    replies: list[bytes], reply: bytes
) -> None:
    assert stat_lines(added_up(replies)) == reply


@pytest.mark.parametrize(
    ("one", "other", "reply"),
    [
        (stats("a 1"), stats("a 2"), stats("s:a 1", "t:a 2")),
        (stats(), stats("a 2"), stats("t:a 2")),
        (stats("a 1"), DOWN, stats("s:a 1", "t:error Connection refused")),
        (b"PREFIX p get 1\r\nEND\r\n", stats(), b"PREFIX s:p get 1\r\nEND\r\n"),
        (b"ITEM k [1 b; 0 s]\r\nEND\r\n", stats(), b"ITEM k [1 b; 0 s]\r\nEND\r\n"),
        (RESET, RESET, RESET),
        (RESET, DOWN, DOWN),
        (USAGE, USAGE, USAGE),
        (b"ERROR\r\n", DOWN, b"ERROR\r\n"),
        (AT_END, stats("a 2"), stats("s:error this is the END", "t:a 2")),
        (AT_END, DOWN, AT_END),
    ],
)
def test_lists_of_servers_bear_their_names(
    one: bytes, other: bytes, reply: bytes
) -> None:
    assert b"".join(joined([b"s", b"t"], [one, other])) == reply
