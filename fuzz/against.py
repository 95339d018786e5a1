"""A real Redis as the judge: it must read what we pass on exactly as we did.

Its answers tell how it read a request: one reply for one request, and the error for
an unknown command repeats the words. So commands are made unknown before it is asked.
"""

import contextlib
import random
import socket
import time
from typing import Final

from fuzz.corpus import corpus_of
from fuzz.mutate import mutated
from tests.support.backends import RedisServer
from tests.support.echo import words_of
from tests.support.ports import LOOPBACK
from tests.support.wire import resp
from tests.wire.feeding import feed
from twemproxy.errors import ProtocolError
from twemproxy.wire import progress
from twemproxy.wire.redis.inline import as_request, split_words
from twemproxy.wire.redis.request import RequestScanner
from twemproxy.wire.redis.response import ResponseScanner

PING: Final = resp("PING")
PONG: Final = b"+PONG\r\n"
PATIENCE_S: Final = 5.0


class Judge:
    """One connection to a real server after the other."""

    def __init__(self, port: int, ping: bytes = PING, pong: bytes = PONG) -> None:
        """Connect when asked first; `pong` is the answer to `ping`."""
        self._port = port
        self._ping = ping
        self._pong = pong
        self._sock: socket.socket | None = None

    def close(self) -> None:
        """Hang up."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def ask(self, data: bytes) -> bytes:
        """Return all that comes for these bytes, up to the answer to a ping."""
        if self._sock is None:
            self._sock = socket.create_connection((LOOPBACK, self._port), PATIENCE_S)
        self._sock.sendall(data + self._ping)
        got = b""
        while not got.endswith(self._pong):
            piece = self._sock.recv(65536)
            got += piece
            if not piece:
                self.close()
                break
        return got


def check_whole(judge: Judge, request: bytes) -> str:
    """Pass a request on as the proxy does; what is wrong with the answer."""
    got = judge.ask(request)
    found = feed(ResponseScanner, got).found
    if len(found) != 2 or not got.startswith(b"-ERR unknown command"):
        return f"{request!r} was answered {got!r}"
    return ""


def check_line(judge: Judge, line: bytes) -> str:
    """Compare a line with what the proxy makes of it; what differs."""
    try:
        words = split_words(line)
        rewritten = as_request(line)
    except ProtocolError:
        return ""
    if not words:
        return ""
    typed, written = judge.ask(line), judge.ask(rewritten)
    return "" if typed == written else f"{line!r}: {typed!r}, but {written!r}"


def check(judge: Judge, data: bytes) -> str:
    """Let the judge read what our scanner found whole; what he saw differently."""
    pos = 0
    for status, length in feed(RequestScanner, data).found:
        piece = data[pos : pos + length]
        pos += length
        wrong = ""
        if status == progress.LINE:
            wrong = check_line(judge, b"no-such-" + piece)
        elif status == progress.WHOLE and b"$3\r\nzzz" in piece[:20]:
            wrong = check_whole(judge, resp(*words_of(piece)))
        elif status == progress.NOTHING and not piece.startswith(b"*00"):
            got = judge.ask(piece)
            wrong = "" if got == PONG else f"{piece!r} was answered {got!r}"
        if wrong:
            return wrong
    return ""


def run_against(seconds: float, seed: int) -> str:
    """Compare until time is up; what differs, empty if nothing does."""
    corpus = [
        data.replace(b"GET", b"zzz").replace(b"SET", b"zzz")
        for data in corpus_of("redis_request")
    ]
    chance = random.Random(seed)
    deadline = time.monotonic() + seconds
    count = 0
    with contextlib.closing(RedisServer()) as server:
        server.start()
        with contextlib.closing(Judge(server.port)) as judge:
            while time.monotonic() < deadline:
                wrong = check(judge, mutated(corpus, chance))
                if wrong:
                    return wrong
                count += 1
    print(f"fuzz against: {count} inputs in {seconds:g} s, seed {seed}")
    return ""
