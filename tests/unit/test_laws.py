"""The laws, under every interleaving of what clients, servers and time can do.

Clients speak in pieces, stop reading, half-close and vanish; servers answer in pieces,
refuse, die, talk nonsense and keep silent; reloads happen; time passes. After each step
every request has had at most one ending; when all is quiet, exactly one, and nothing is
left.
"""

import gc
import os
from dataclasses import dataclass, field
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from tests.support.parrot import reply_to, take_reply, take_request
from tests.support.simulation import Far, Simulation
from tests.support.wire import resp
from twemproxy.net.ledger import held_bytes
from twemproxy.stats import slot

SERVERS: Final = 3
MAX_CLIENTS: Final = 4
TIMEOUT_MS: Final = 100
RETRY_MS: Final = 200
EXAMPLES: Final = int(os.environ.get("LAWS_EXAMPLES", "100"))
ERRORS: Final = (
    b"-ERR Connection refused\r\n",
    b"-ERR Connection reset by peer\r\n",
    b"-ERR Broken pipe\r\n",
    b"-ERR Connection timed out\r\n",
    b"-ERR Invalid argument\r\n",
)

some_client = st.integers(0, MAX_CLIENTS - 1)
some_server = st.integers(0, 20)
keys = st.lists(st.integers(0, 30), min_size=1, max_size=4)


@dataclass(slots=True)
class Asker:
    """A client: what it has still to send, and what it may hear, in order."""

    number: int
    far: Far
    unsaid: bytearray = field(default_factory=bytearray)
    owed: list[bytes] = field(default_factory=list)
    half_closed: bool = False

    def ask(self, words: list[bytes]) -> None:
        """Have one more request to send."""
        self.unsaid += resp(*words)
        self.owed.append(reply_to(words))

    def say(self, count: int) -> None:
        """Send some of it."""
        del self.unsaid[: self.far.say(bytes(self.unsaid[:count]))]

    def hear(self) -> None:
        """Check what has come: the right reply or an error, in the order of asking."""
        heard = self.far.listen()
        while (reply := take_reply(heard)) is not None:
            assert self.owed, f"client {self.number} did not ask for {reply!r}"
            right = self.owed.pop(0)
            assert reply == right or reply in ERRORS, (reply, right)


@dataclass(slots=True)
class Answerer:
    """A connection that the proxy made: what has still to be answered."""

    far: Far
    unsaid: bytearray = field(default_factory=bytearray)

    def say(self, count: int) -> None:
        """Answer what was heard, as far as that goes in `count` bytes."""
        heard = self.far.listen()
        while (words := take_request(heard)) is not None:
            self.unsaid += reply_to(words)
        del self.unsaid[: self.far.say(bytes(self.unsaid[:count]))]


class Laws(RuleBasedStateMachine):
    """One pool, up to four clients, any number of connections to three servers."""

    @initialize(connections=st.integers(1, 3), eject=st.booleans())
    def begin(self, connections: int, eject: bool) -> None:
        """Set the stage."""
        self.sim = Simulation(
            SERVERS,
            server_connections=connections,
            timeout_ms=TIMEOUT_MS,
            auto_eject_hosts=eject,
            server_failure_limit=2,
            server_retry_timeout_ms=RETRY_MS,
        )
        self.network = self.sim.running()
        self.network.__enter__()
        self.clients: list[Asker | None] = [None] * MAX_CLIENTS
        self.servers: dict[int, Answerer] = {}
        self.asked = 0

    def teardown(self) -> None:
        """Let everything come to its end, and look what is left."""
        if not hasattr(self, "sim"):
            return
        try:
            self.come_to_rest()
            self.check_answered()
        finally:
            self.network.__exit__(None, None, None)
        self.check_nothing_is_left()

    # Clients.

    @rule(i=some_client)
    def come(self, i: int) -> None:
        """A client connects."""
        if self.clients[i] is None:
            self.clients[i] = Asker(i, self.sim.client())

    @rule(i=some_client, numbers=keys, how=st.sampled_from(["GET", "MGET", "SET"]))
    def ask(self, i: int, numbers: list[int], how: str) -> None:
        """A client has something to ask; replies tell whose question it was."""
        client = self.clients[i]
        if client is None or client.half_closed:
            return
        self.asked += 1
        names = [b"k%d:c%d.%d" % (number, i, self.asked) for number in numbers]
        words = names if how == "MGET" else names[:1]
        client.ask([how.encode(), *words, *([b"v"] if how == "SET" else [])])

    @rule(i=some_client, count=st.one_of(st.integers(1, 60), st.just(10_000)))
    def speak(self, i: int, count: int) -> None:
        """A client sends some bytes."""
        client = self.clients[i]
        if client is not None and not client.half_closed:
            client.say(count)

    @rule(i=some_client)
    def hear(self, i: int) -> None:
        """A client reads."""
        client = self.clients[i]
        if client is not None:
            client.hear()

    @rule(i=some_client)
    def half_close(self, i: int) -> None:
        """A client has no more questions."""
        client = self.clients[i]
        if client is not None and not client.half_closed and not client.unsaid:
            client.half_closed = True
            client.far.sock.shutdown(1)

    @rule(i=some_client)
    def vanish(self, i: int) -> None:
        """A client closes, whatever it is owed."""
        client = self.clients[i]
        if client is not None:
            client.far.close()
            self.clients[i] = None

    # Servers.

    def connection(self, i: int) -> Answerer | None:
        """Return one of the connections that are open, if there is any."""
        open_ones = [k for k, far in enumerate(self.sim.dialled) if far.open]
        if not open_ones:
            return None
        k = open_ones[i % len(open_ones)]
        return self.servers.setdefault(k, Answerer(self.sim.dialled[k]))

    @rule(i=some_server, count=st.one_of(st.integers(1, 80), st.just(10_000)))
    def answer(self, i: int, count: int) -> None:
        """A server sends some bytes of what it owes."""
        server = self.connection(i)
        if server is not None:
            server.say(count)

    @rule(i=some_server)
    def hang_up(self, i: int) -> None:
        """A server closes a connection."""
        server = self.connection(i)
        if server is not None:
            server.far.close()

    @rule(
        i=some_server, nonsense=st.sampled_from([b"?\r\n", b"$9x\r\n", b"+stray\r\n"])
    )
    def babble(self, i: int, nonsense: bytes) -> None:
        """A server sends what nobody asked for, when it owes nothing."""
        server = self.connection(i)
        if server is not None and not server.unsaid and not server.far.listen():
            server.far.say(nonsense)

    @rule(port=st.integers(0, SERVERS - 1))
    def refuse(self, port: int) -> None:
        """A server refuses new connections, or no longer does."""
        self.sim.refused ^= {port}

    # The rest of the world.

    @rule(time_ms=st.sampled_from([1, 30, TIMEOUT_MS + 1, RETRY_MS + 1]))
    def wait(self, time_ms: int) -> None:
        """Time passes."""
        self.sim.pass_time(time_ms)

    @rule(
        connections=st.integers(1, 3),
        order=st.permutations(range(SERVERS)),
        login=st.booleans(),
    )
    def reload(self, connections: int, order: list[int], login: bool) -> None:
        """The pool gets other settings, and where those are new, connections, too."""
        config = self.sim.pool.config
        rows = {row.port: row for row in config.servers}
        changed = config._replace(
            servers=tuple(rows[port] for port in order),
            server_connections=connections,
            redis_db=config.redis_db ^ int(login),
        )
        self.sim.pool.adopt(changed, [self.sim.block(2 + port) for port in order])

    @rule(times=st.integers(1, 3))
    def turn(self, times: int) -> None:
        """The loop turns."""
        self.sim.tick(times)

    # The laws.

    @invariant()
    def every_request_has_at_most_one_ending(self) -> None:
        """What was asked is answered, given up or still in flight."""
        if not hasattr(self, "sim"):
            return
        count = self.sim.count
        ended = sum(map(count, (slot.CLIENT_RESPONSES, slot.CLIENT_ERRORS)))
        in_flight = sum(client.in_flight for client in self.sim.pool.clients)
        asked = count(slot.CLIENT_REQUESTS)
        assert asked == ended + count(slot.ABANDONED) + in_flight

    @invariant()
    def queues_are_as_long_as_their_gauges_say(self) -> None:
        """Each server's gauges are what its connections hold."""
        if not hasattr(self, "sim"):
            return
        for server in self.sim.pool.servers:
            assert len(server.conns) <= server.limit
            conns = [conn for conn in self.sim.pool.links if conn.owner is server]
            waiting = sum(conn.unsent for conn in conns)
            assert server.counters.get(slot.IN_QUEUE) == waiting
            written = sum(conn.written for conn in conns)
            assert server.counters.get(slot.OUT_QUEUE) == written

    def come_to_rest(self) -> None:
        """Everybody says and hears all there is; nobody refuses."""
        self.sim.refused.clear()
        self.sim.pass_time(3000)
        for _ in range(12):
            for client in self.clients:
                if client is not None:
                    client.say(1_000_000)
                    client.hear()
            for i, far in enumerate(self.sim.dialled):
                if far.open:
                    self.servers.setdefault(i, Answerer(far)).say(1_000_000)
            self.sim.tick(2)

    def check_answered(self) -> None:
        """Whoever still listens has heard a reply to everything."""
        for client in self.clients:
            if client is not None:
                client.hear()
                assert client.owed == []
                assert not client.far.heard
        assert self.sim.reactor.under_way == 0
        for server in self.sim.pool.servers:
            assert server.counters.get(slot.IN_QUEUE_BYTES) == 0
            assert server.counters.get(slot.OUT_QUEUE_BYTES) == 0

    def check_nothing_is_left(self) -> None:
        """No client, no connection, no byte."""
        sim = self.sim
        assert not sim.pool.clients
        assert not any(server.conns for server in sim.pool.servers)
        process = sim.block(0)
        assert process.get(slot.CURR_CONNECTIONS) == 0
        assert process.get(slot.PAUSED_CLIENTS) == 0
        sim.process.drop_spare()
        gc.collect()
        assert held_bytes() == sim.baseline


# A hundred examples of fifty steps take minutes where processors are busy.
TestLaws = pytest.mark.timeout(600)(Laws.TestCase)
TestLaws.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
