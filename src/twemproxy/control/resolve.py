"""Names to addresses for the workers, so that no name server ever stalls one.

Every address of both families is told, in the resolver's order. An answer is shared by
all who ask within a second and forgotten then: each reconnect asks again, as the C
program does, for a name that moved must be followed soon.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from twemproxy import log
from twemproxy.control.threads import in_thread

TTL_S: Final = 1.0
FAILURE_TTL_S: Final = 1.0  # a name server that is back is noticed after this
MAX_CACHED: Final = 4096
MAX_LOOKUPS: Final = 256  # at a time; the others wait their turn


class Answer(NamedTuple):
    """The addresses of a name, none when it has none, and how long that counts."""

    addresses: tuple[str, ...]
    ttl_s: float


def look_up(host: str) -> tuple[str, ...]:
    """Ask the system's resolver; OSError or UnicodeError when it knows nothing."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(whole(address) for *_, address in found))


def whole(address: Sequence[object]) -> str:
    """Spell an address with the interface that it is behind, where it names one."""
    host, _, *behind = address  # the last is the interface; IPv4 has none
    return f"{host}%{behind[-1]}" if behind and behind[-1] else str(host)


class Resolver:
    """One question at a time per name, whoever asks; answers are remembered."""

    def __init__(self, ask: Callable[[str], tuple[str, ...]] = look_up) -> None:
        self._ask = ask
        self._known: dict[str, tuple[Answer, float]] = {}
        self._pending: dict[str, asyncio.Task[Answer]] = {}
        self._turns = asyncio.Semaphore(MAX_LOOKUPS)

    def resolve(self, host: str) -> Awaitable[Answer]:
        """Answer from memory while it is fresh, else ask; never raises."""
        loop = asyncio.get_running_loop()
        known = self._known.get(host)
        if known and known[1] > loop.time():
            ready: asyncio.Future[Answer] = loop.create_future()
            ready.set_result(known[0]._replace(ttl_s=known[1] - loop.time()))
            return ready
        task = self._pending.get(host)
        if task is None:
            task = self._pending[host] = loop.create_task(self._fresh(host))
        return asyncio.shield(task)

    async def _fresh(self, host: str) -> Answer:
        try:
            async with self._turns:
                answer = Answer(await in_thread(lambda: self._ask(host)), TTL_S)
        except (OSError, UnicodeError) as failure:
            reason = getattr(failure, "strerror", None) or failure
            log.warn("address resolution of node '%s' failed: %s", host, reason)
            answer = Answer((), FAILURE_TTL_S)
        finally:
            del self._pending[host]
        if len(self._known) >= MAX_CACHED:
            self._known.clear()
        until = asyncio.get_running_loop().time() + answer.ttl_s
        self._known[host] = (answer, until)
        return answer
