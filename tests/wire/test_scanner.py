"""The words of a request: how many there is room for, and what is kept of it."""

import pytest

from tests.support.plain import plain
from twemproxy.wire import progress
from twemproxy.wire.memcache.request import RequestScanner as MemcacheScanner
from twemproxy.wire.redis.request import RequestScanner as RedisScanner

INSIDE = plain("twemproxy.wire.scanner")
USUAL_WORDS, KEPT_WORDS = INSIDE.USUAL_WORDS, INSIDE.KEPT_WORDS
SCANNERS = {
    "redis": RedisScanner,
    "memcache": MemcacheScanner,
    "redis, interpreted": plain("twemproxy.wire.redis.request").RequestScanner,
    "memcache, interpreted": plain("twemproxy.wire.memcache.request").RequestScanner,
}
SOME = (1, USUAL_WORDS - 1, USUAL_WORDS, USUAL_WORDS + 1, KEPT_WORDS, KEPT_WORDS + 1)


def request(words: list[bytes], redis: bool) -> bytes:
    """Write a request of these words."""
    if redis:
        bulks = b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
        return b"*%d\r\n%b" % (len(words), bulks)
    return b" ".join(words) + b"\r\n"


@pytest.mark.parametrize("name", SCANNERS)
def test_words_are_where_they_are_however_many_there_were_before(name: str) -> None:
    scanner = SCANNERS[name]()
    for count in (*SOME, *reversed(SOME)):
        words = [b"get", *(b"k%d" % i for i in range(max(1, count - 1)))]
        data = b"before" + request(words, name.startswith("redis"))
        buf = bytearray(data + b"behind")
        assert scanner.advance(buf, 6, len(data)) == progress.WHOLE
        assert scanner.count == len(words)
        assert scanner.words(buf, 6, scanner.count) == words
        assert scanner.words(buf, 6, 1) == [b"get"]
        scanner.reset()


@pytest.mark.parametrize("name", [name for name in SCANNERS if "," in name])
def test_room_for_very_many_words_is_not_kept(name: str) -> None:
    scanner = SCANNERS[name]()
    for count, kept in [(KEPT_WORDS, KEPT_WORDS), (KEPT_WORDS + 1, USUAL_WORDS)]:
        data = bytearray(request([b"get"] + [b"k"] * (count - 1), "redis" in name))
        assert scanner.advance(data, 0, len(data)) == progress.WHOLE
        assert scanner.room >= count
        scanner.reset()
        assert (scanner.room, len(scanner.spans)) == (kept, 2 * kept)


@pytest.mark.parametrize("name", [name for name in SCANNERS if "," in name])
def test_words_that_there_is_no_memory_for_end_their_client_alone(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def array(_code: str, _data: bytes) -> None:
        raise MemoryError

    scanner = SCANNERS[name]()
    monkeypatch.setitem(scanner.double_spans.__globals__, "array", array)
    data = bytearray(request([b"get"] + [b"k"] * USUAL_WORDS, "redis" in name))
    with pytest.raises(Exception, match="no memory for so many words"):
        scanner.advance(data, 0, len(data))
