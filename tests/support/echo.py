"""What a Redis server would answer whose values are their keys.

It takes nothing but what a client library writes, and remembers what was not.
"""

from tests.support.wire import resp
from tests.wire.feeding import feed
from twemproxy.wire import progress
from twemproxy.wire.redis.request import RequestScanner


class Echo:
    """One connection to such a server; `wrong` is what it should not have got."""

    def __init__(self) -> None:
        self._rest = b""
        self.wrong: list[bytes] = []

    def answer(self, piece: bytes) -> bytes:
        """Take what arrived; the answers to all that is whole now."""
        data = self._rest + piece
        outcome = feed(RequestScanner, data)
        pos = 0
        answers = []
        for status, length in outcome.found:
            request = data[pos : pos + length]
            pos += length
            if status != progress.WHOLE or not is_canonical(request):
                self.wrong.append(request)
            answers.append(answer_to(request))
        if outcome.error:
            self.wrong.append(data[pos : pos + 200])
        self._rest = data[pos:]
        return b"".join(answers)


def words_of(request: bytes) -> list[bytes]:
    """Return the arguments of a canonical request."""
    words = []
    pos = request.index(b"\n") + 1
    while pos < len(request):
        end = request.index(b"\r", pos)
        length = int(request[pos + 1 : end])
        words.append(request[end + 2 : end + 2 + length])
        pos = end + 2 + length + 2
    return words


def is_canonical(request: bytes) -> bool:
    """Tell whether a request is written as client libraries write it."""
    return resp(*words_of(request)) == request


def answer_to(request: bytes) -> bytes:
    """Answer as a server would, values being their keys."""
    name, *words = words_of(request)
    match name.upper():
        case b"GET":
            return b"$%d\r\n%b\r\n" % (len(words[0]), words[0])
        case b"MGET":
            parts = [b"$%d\r\n%b\r\n" % (len(word), word) for word in words]
            return b"*%d\r\n%b" % (len(parts), b"".join(parts))
        case b"DEL" | b"UNLINK" | b"TOUCH" | b"EXISTS":
            return b":%d\r\n" % len(words)
        case b"MSET" | b"SET":
            return b"+OK\r\n"
    return b"-ERR not played here\r\n"
