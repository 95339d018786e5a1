"""The statistics of several memcached servers make one reply that can be read."""

import pytest

from twemproxy.wire.memcache.stats import merged

RESET = b"RESET\r\n"
OK = b"OK\r\n"


def stats(*pairs: str) -> bytes:
    """Encode the reply with these lines."""
    return b"".join([b"STAT %b\r\n" % pair.encode() for pair in pairs]) + b"END\r\n"


@pytest.mark.parametrize(
    ("topic", "replies", "reply"),
    [
        (b"", [stats("a 1")], stats("a 1")),
        (b"", [stats("a 1", "b 5"), stats("a 2", "c 7")], stats("a 3", "b 5", "c 7")),
        (b"", [stats("pid 1"), stats("pid 2")], stats("pid 1")),
        (b"", [stats("uptime 9"), stats("uptime 10")], stats("uptime 10")),
        (b"", [stats("version 1.6.1"), stats("version 1.5")], stats("version 1.6.1")),
        (b"", [stats("rusage_user 0.9"), stats("rusage_user 1.1")], None),
        (b"", [stats(f"a {2**64 - 1}")] * 2, stats(f"a {2**65 - 2}")),
        (b"", [b"STAT\r\nEND\r\n"] * 2, stats(" ")),
        (b"items", [b"END\r\n", stats("items:1:age 4")], stats("items:1:age 4")),
        (b"items", [stats("items:1:age 9"), stats("items:1:age 4")], None),
        (b"reset", [RESET, RESET], RESET),
        (b"detail", [OK, OK], OK),
        (b"settings", [stats("a 1"), stats("a 1")], stats("a 1", "a 1")),
    ],
)
def test_statistics_are_added_up_where_they_count_something(
    topic: bytes, replies: list[bytes], reply: bytes | None
) -> None:
    expected = {b"": stats("rusage_user 2.0"), b"items": stats("items:1:age 9")}
    assert merged(topic, replies) == (reply or expected[topic])
