"""Many clients at once through a running proxy: some honest, some mutated.

Every value is tagged with its key, so a reply that belongs to somebody else is seen.
Each server writes down all it receives, and afterwards every byte of it must be part
of a whole request that a client library could have written.
"""

import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from docs.grammar import REDIS
from fuzz.corpus import corpus_of
from fuzz.mutate import mutated
from tests.support.echo import Echo
from tests.support.echo_memcache import MemcacheEcho
from tests.support.ports import LOOPBACK
from tests.support.processes import family
from tests.support.proxy import Proxy, pool
from tests.support.wire import resp

PATIENCE_S: Final = 20.0
HONEST: Final = 12  # a crowd, so that requests gather and share lines
HOSTILE: Final = 4
REDIS_SEEDS: Final = (
    *(case.sent for case in REDIS),
    resp("MGET", *"abcdefgh") + resp("DEL", *"abcd"),
    resp("MSET", *"a1b2c3d4") * 3,
    resp("AUTH", "x") + resp("HELLO", "3") + resp("GET", "k"),
    resp("EVAL", "return 1", 1, "k") + resp("EXISTS", "a", "b"),
)
MEMCACHE_SEEDS: Final = (
    *corpus_of("memcache_request"),
    b"get a b c d e f g h\r\ndelete a\r\nset b 0 0 5\r\nhello\r\n",
    b"set a 0 0 5 noreply\r\nhello\r\ngets a b  c \r\nincr a 007\r\n",
    b"mg a v q\r\nms b 5 q\r\nhello\r\nmn\r\nflush_all noreply\r\nversion\r\n",
)


class Server:
    """A server whose values are their keys; it notes what it should not have got."""

    def __init__(self, redis: bool) -> None:
        """Listen; threads serve until `close`."""
        self._redis = redis
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self.wrong: list[bytes] = []
        self._spawn(self._accept)

    def _spawn(self, job: object, *arguments: object) -> None:
        thread = threading.Thread(target=job, args=arguments, daemon=True)  # type: ignore[arg-type] # callable
        thread.start()

    def close(self) -> None:
        """Accept nobody any more."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            self._spawn(self._serve, conn)

    def _serve(self, conn: socket.socket) -> None:
        echo = Echo() if self._redis else MemcacheEcho()
        with conn:
            while piece := conn.recv(65536):
                conn.sendall(echo.answer(piece))
                if echo.wrong:
                    self.wrong += echo.wrong
                    return


def expected(key: bytes, redis: bool) -> tuple[bytes, bytes]:
    """Ask for a value, and for three in one request; and their replies."""
    keys = [key, key + b"a", key + b"b"]
    if redis:
        asked = resp("GET", key) + resp("MGET", *keys)
        return asked, Echo().answer(asked)
    asked = b"get %b\r\nget %b\r\n" % (key, b" ".join(keys))
    return asked, MemcacheEcho().answer(asked)


class Crowd:
    """Clients against one proxy until a deadline; `wrong` is what must not be."""

    def __init__(self, port: int, seed: int, deadline: float, redis: bool) -> None:
        """Start nobody yet."""
        self.redis = redis
        self.seeds = REDIS_SEEDS if redis else MEMCACHE_SEEDS
        self.port = port
        self.seed = seed
        self.deadline = deadline
        self.wrong: list[str] = []
        self.sessions = 0

    def run(self) -> None:
        """Let all of them talk."""
        jobs = [self.honest] * HONEST + [self.hostile] * HOSTILE
        threads = [
            threading.Thread(target=self.play, args=(job, number))
            for number, job in enumerate(jobs)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def play(self, job: Callable[[random.Random, int], None], number: int) -> None:
        """Do a client's job; one that cannot go on is a fault of the proxy."""
        try:
            job(random.Random(self.seed + number), number)
        except OSError as error:
            self.wrong.append(f"client {number}: {error!r}")

    def honest(self, chance: random.Random, number: int) -> None:
        """Ask for one's own keys and get them, whatever others do."""
        with socket.create_connection((LOOPBACK, self.port), PATIENCE_S) as sock:
            turn = 0
            while time.monotonic() < self.deadline and not self.wrong:
                turn += 1
                key = b"h%d.%d" % (number, turn)
                request, reply = expected(key, self.redis)
                cut = chance.randrange(len(request))
                sock.sendall(request[:cut])
                sock.sendall(request[cut:])
                got = b""
                while len(got) < len(reply):
                    piece = sock.recv(65536)
                    if not piece:
                        break
                    got += piece
                if got != reply:
                    self.wrong.append(f"{request!r} was answered {got!r}")

    def hostile(self, chance: random.Random, number: int) -> None:
        """Send mutated sessions, read a little or nothing, and go, one way or other."""
        while time.monotonic() < self.deadline and not self.wrong:
            data = mutated(self.seeds, chance)
            with socket.create_connection((LOOPBACK, self.port), PATIENCE_S) as sock:
                self.sessions += 1
                sock.settimeout(0.01)
                try:
                    sock.sendall(data)
                    if chance.random() < 0.5:
                        sock.shutdown(socket.SHUT_WR)
                    if chance.random() < 0.5:
                        sock.recv(65536)
                except OSError:
                    continue


def run_sessions(seconds: float, seed: int, redis: bool = True) -> str:
    """Run clients against a proxy and two recording servers; what went wrong."""
    servers = [Server(redis), Server(redis)]
    try:
        with Proxy(pool(servers, distribution="modula", redis=redis)) as proxy:
            workers = family(proxy.pid)
            crowd = Crowd(proxy.port, seed, time.monotonic() + seconds, redis)
            crowd.run()
            if family(proxy.pid) != workers:
                crowd.wrong.append(f"a worker died\n{proxy.errors[-2000:]}")
            crowd.wrong += [line for line in proxy.log.splitlines() if "badly" in line]
    finally:
        for server in servers:
            server.close()
    return report(crowd, servers, f"in {seconds:g} s, seed {seed}")


def report(crowd: Crowd, servers: Sequence[Server], run: str) -> str:
    """Say what went wrong, or print how much went right."""
    for server in servers:
        crowd.wrong += [f"a server received {data!r}" for data in server.wrong[:5]]
    if crowd.wrong:
        return "\n".join(crowd.wrong[:5])
    spoken = "Redis" if crowd.redis else "memcached"
    print(f"fuzz sessions: {crowd.sessions} of {spoken} clients {run}")
    return ""
