"""What the servers of a pool are: their name, their version, whether they know RESP3.

One server's answer to HELLO speaks for the pool and is remembered. It is asked
when a client first wants to know, on a connection that clients of the newer
protocol use afterwards. When no server answers in time nothing is remembered, and
the client is believed: it will be told of dead servers when it uses them.

    nobody asked ─▶ asking one server after another ─┬▶ known, or refused
          ▲                                          ▼
          └────────────────────────── none answered in time

A refusal is remembered for a minute, for servers are replaced by newer ones. An
error that a server would give to any command, because it is full or loading, is none.
"""

import errno
from collections.abc import Callable
from typing import Final

from twemproxy import log
from twemproxy.net.slab import holding
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.server import Server
from twemproxy.proxy.server_connection import ServerConnection
from twemproxy.wire.redis import answers

PATIENCE_MS: Final = 1000
REFUSED_MS: Final = 60000  # then a refusal is not believed any more
NOT_ABOUT_HELLO: Final = (b"-NOAUTH", b"-WRONGPASS")  # the server knows the command
NOT_NOW: Final = (  # the server answers nothing else to any command
    *(b"-LOADING", b"-BUSY", b"-MASTERDOWN", b"-DENIED"),
    b"-ERR max number of clients",
)
DEFAULT_FACTS: Final = {b"server": b"redis", b"version": b"7.4.0"}


class Probe:
    """The facts about the servers of one pool."""

    def __init__(self, pool: Pool) -> None:
        """Know nothing yet."""
        self.pool = pool
        self.facts = dict(DEFAULT_FACTS)
        self.known = False
        self.refused = False  # some server does not speak RESP3
        self.ask_again_ms = 0  # when that is asked again
        self.waiting: list[Callable[[], None]] = []
        self.candidates: list[Server] = []
        self.asked: ServerConnection | None = None
        self.round = 0

    def ask(self, done: Callable[[], None]) -> None:
        """Call `done` when the facts are known, or will not be soon."""
        if self.refused and self.pool.process.reactor.now_ms >= self.ask_again_ms:
            self.forget()
        if self.known or self.refused:
            done()
            return
        self.waiting.append(done)
        if len(self.waiting) == 1:
            self.start()

    def start(self) -> None:
        """Ask the servers, the one for keyless requests first."""
        first = self.pool.place_nothing()
        servers = self.pool.live_servers()
        servers.sort(key=lambda server: server.index != first)
        self.candidates = servers
        self.round += 1
        number = self.round
        reactor = self.pool.process.reactor
        due = reactor.now_ms + PATIENCE_MS
        reactor.call_at(due, lambda: self.on_patience(number))
        self.ask_next()

    def ask_next(self) -> None:
        """Ask one more server, or give up when there is none."""
        self.asked = None
        while self.candidates and self.asked is None:
            server = self.candidates.pop(0)
            if server.dropped:
                continue
            conn = server.newer[0] if server.newer else server.open(True)
            if conn is not None and conn.bytes_in:  # it has had its HELLO
                self.known = True
                break
            self.asked = conn
        if self.asked is None:
            self.tell()

    def tell(self) -> None:
        """Let go everybody who waits."""
        waiting = self.waiting
        self.waiting = []
        self.candidates = []
        self.asked = None
        for done in waiting:
            done()

    def on_patience(self, number: int) -> None:
        """Wait no longer for servers that do not answer."""
        if number == self.round and self.waiting:
            self.tell()

    def on_hello(self, conn: ServerConnection, reply: bytes) -> None:
        """Take over what a server says of itself."""
        if reply[:1] != b"%":
            self.on_refused(conn, reply)
            return
        lines = reply.split(b"\r\n")
        for name in (b"server", b"version"):
            if name in lines[:-2]:
                self.facts[name] = lines[lines.index(name) + 2]
        self.known = True
        self.tell()

    def on_refused(self, conn: ServerConnection, reply: bytes) -> None:
        """Speak the older protocol alone with the servers of this pool.

        The connection goes on speaking that, whatever the reason was: it is given up.
        """
        text = reply.rstrip(b"\r\n")
        if text.startswith(NOT_NOW):
            conn.last_words = holding(reply)
            conn.close(errno.ECONNREFUSED)  # the next server is asked then
            return
        if text.startswith(NOT_ABOUT_HELLO):
            self.known = True
            conn.last_words = holding(answers.NOT_AUTHENTICATED)
        else:
            if not self.refused:
                log.notice(
                    "'%s' refuses RESP3: %s", conn.address, text.decode("latin-1")
                )
            self.refused = True
            self.ask_again_ms = self.pool.process.reactor.now_ms + REFUSED_MS
            conn.last_words = holding(answers.NO_SUCH_PROTOCOL)
        conn.close(errno.EPROTONOSUPPORT)
        self.tell()

    def on_lost(self, conn: ServerConnection) -> None:
        """Ask the next server if this one was being asked."""
        if conn is self.asked:
            self.ask_next()

    def forget(self) -> None:
        """Ask again: the pool has other servers, or a refusal is old."""
        self.known = False
        self.refused = False
