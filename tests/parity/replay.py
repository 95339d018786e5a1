"""Plays a recorded session against the proxy and tells what came back.

A proxy is kept between sessions when nothing in the session could have left a
trace in it: all its servers are real, up, and the same processes as before.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Final

from tests.parity.recording import Session, Setting, Step
from tests.support.backends import RealServer
from tests.support.canned import CannedServer
from tests.support.fleet import Fleet
from tests.support.ports import Reservation
from tests.support.proxy import Proxy
from tests.support.wire import GRACE_S, Wire

REAL: Final = ("redis", "memcached")
COUNTS_CAS: Final = re.compile(rb"^ *(gets|cas) ", re.MULTILINE)
UNIX_LISTENER: Final = "@DIR@/listen.sock"
BETWEEN_STEPS_S: Final = 0.002


@dataclass(frozen=True, slots=True)
class Answer:
    """What one step received, and whether the connection was closed then."""

    received: bytes
    closed: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What one step should receive: exact bytes, or a pattern where many will do.

    `closed` None leaves it to the proxy whether to go on with this client.
    """

    text: bytes | re.Pattern[bytes]
    closed: bool | None = False

    def fits(self, answer: Answer) -> bool:
        """Whether this is such an answer."""
        if self.closed is not None and answer.closed != self.closed:
            return False
        if isinstance(self.text, bytes):
            return answer.received == self.text
        return self.text.fullmatch(answer.received) is not None


Replies = Sequence[Reply | None]


def as_recorded(session: Session) -> Replies:
    """What each step received from the C program; None for steps that do not read."""
    return [
        None
        if not step.reads or step.expect is None
        else Reply(step.expect, step.closed)
        for step in session.steps
    ]


def unheeded(session: Session) -> Replies:
    """Expect nothing in particular; only listen until the line is quiet."""
    return [None for _ in session.steps]


class Stage:
    """Sets up servers and a proxy for one session after another."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._kept: dict[tuple[str, tuple[int, ...]], Proxy] = {}

    def close(self) -> None:
        """End the proxies that were kept."""
        for proxy in self._kept.values():
            proxy.close()

    @contextmanager
    def proxy(self, session: Session, *, fresh: bool = False) -> Iterator[Proxy]:
        """Lend a proxy in front of the servers that the session was recorded with."""
        setting = session.setting
        with ExitStack() as stack:
            real = self._real(session)
            ports = {name: server.port for name, server in real.items()}
            ports |= self._fake(session, stack)
            if fresh or len(real) != len(setting.backends) or not real:
                proxy = stack.enter_context(start(setting, ports))
                self._fake_unix(session, proxy, stack)
                yield proxy
                return
            key = (setting.name + setting.yml, tuple(s.pid for s in real.values()))
            kept = self._kept.pop(key, None) or start(setting, ports)
            stack.callback(kept.close)
            yield kept
            if kept.running:
                stack.pop_all()
                self._kept[key] = kept

    def _real(self, session: Session) -> dict[str, RealServer]:
        """Servers in the order of the plan; those with equal options share a row."""
        rows: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for plan in session.setting.backends:
            if plan.kind in REAL:
                rows.setdefault((plan.kind, plan.options), []).append(plan.name)
        servers: dict[str, RealServer] = {}
        for (kind, options), names in rows.items():
            lend = self._fleet.redis if kind == "redis" else self._fleet.memcached
            servers.update(zip(names, lend(len(names), *options), strict=True))
            if kind == "memcached" and counts_cas(session):
                for name in names:
                    servers[name].restart()
        return servers

    def _fake(self, session: Session, stack: ExitStack) -> dict[str, int]:
        ports: dict[str, int] = {}
        for plan in session.setting.backends:
            if plan.kind == "refuse":
                ports[plan.name] = stack.enter_context(Reservation()).port
            elif plan.kind == "canned" and not plan.unix:
                scripts = session.canned.get(plan.name, ())
                server = stack.enter_context(closing(CannedServer(scripts)))
                ports[plan.name] = server.port
        return ports

    def _fake_unix(self, session: Session, proxy: Proxy, stack: ExitStack) -> None:
        for plan in session.setting.backends:
            if plan.unix:
                path = proxy.directory / f"{plan.name.lower()}.sock"
                scripts = session.canned.get(plan.name, ())
                stack.enter_context(closing(CannedServer(scripts, path)))


def counts_cas(session: Session) -> bool:
    """Whether the session sees CAS ids, which count from the start of a server."""
    return any(step.send and COUNTS_CAS.search(step.send) for step in session.steps)


def plays_with_time(session: Session) -> bool:
    """Whether a fake server does something unasked, some time after its reply."""
    return any(
        line.delay_ms
        for scripts in session.canned.values()
        for script in scripts
        for line in script
    )


def start(setting: Setting, ports: Mapping[str, int]) -> Proxy:
    """Start a proxy on a recorded configuration."""
    yml = setting.yml
    for name, port in ports.items():
        yml = yml.replace(f"@{name}@", str(port))
    return Proxy(yml, *setting.arguments)


class Player:
    """Plays the steps of one session; a connection is opened on its first use."""

    def __init__(self, proxy: Proxy, session: Session) -> None:
        unix = UNIX_LISTENER in session.setting.yml
        self._address = proxy.directory / "listen.sock" if unix else proxy.port
        self._session = session
        self._wires: dict[int, Wire] = {}

    def play(self, replies: Replies) -> list[str]:
        """Do all steps; a line for each whose answer is not the awaited reply."""
        wrong: list[str] = []
        for i, (step, reply) in enumerate(
            zip(self._session.steps, replies, strict=True)
        ):
            answer = self._do(i, step, reply)
            if answer and reply and not reply.fits(answer):
                wrong.append(f"step {i}: expected {reply}\n  but got {answer}")
        return wrong

    def close(self) -> None:
        """Close the connections that the session left open."""
        for wire in self._wires.values():
            wire.close()

    def _do(self, i: int, step: Step, reply: Reply | None) -> Answer | None:
        if step.sleep_ms:
            time.sleep(step.sleep_ms / 1000)  # part of the recording
            return None
        wire = self._wires.get(step.conn)
        if wire is None:
            wire = self._wires[step.conn] = Wire(self._address)
        if step.close:
            wire.close()
            del self._wires[step.conn]
            return None
        if step.send:
            wire.send(step.send)
        if step.shutdown:
            wire.half_close()
        if not step.reads:
            return None
        received = self._read(i, step, wire, reply)
        return Answer(received, wire.closed)

    def _read(self, i: int, step: Step, wire: Wire, reply: Reply | None) -> bytes:
        """Stop early at the expected bytes; the last step of a connection listens on.

        A stray byte after an earlier step spoils the next one of its connection.
        """
        quiet_s = step.quiet_ms / 1000
        if reply is None or not isinstance(reply.text, bytes):
            return wire.read_until_quiet(quiet_s)
        closed = bool(reply.closed)
        if not reply.text and not closed:
            return wire.read_until_quiet(min(quiet_s, 2 * GRACE_S))
        if plays_with_time(self._session):
            return wire.read_expecting(reply.text, closed=closed, grace_s=quiet_s)
        later = any(other.conn == step.conn for other in self._session.steps[i + 1 :])
        grace_s = BETWEEN_STEPS_S if later else GRACE_S
        return wire.read_expecting(reply.text, closed=closed, grace_s=grace_s)
