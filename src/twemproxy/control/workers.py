"""Worker processes: started, told, watched, replaced, ended.

Always true between two events: every place has one worker or a timer that will start
one, unless we are stopping or gave up; every live worker was told the setup in force.
A worker whose channel ends must exit, so none outlives the supervisor, however it dies.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from twemproxy import limits, log
from twemproxy.control.channel import Channel, Message
from twemproxy.control.descriptors import grant
from twemproxy.control.setup import Held, Setup, order
from twemproxy.stats.regions import Region, scopes_of
from twemproxy.stats.slowlog import Entry, in_order

# -P: the directory we were started in must not shadow a module.
COMMAND: Final = (sys.executable, "-P", "-m", "twemproxy.worker")

EARLY_DEATH_S: Final = limits.EARLY_DEATH_S
MAX_EARLY_DEATHS: Final = limits.MAX_EARLY_DEATHS
RESPAWN_DELAYS_S: Final = (0.0, 0.05, 0.1, 0.2, 0.4)
RETRY_S: Final = 1.0  # when the system has no means for a process, and others serve
START_PATIENCE_S: Final = limits.START_PATIENCE_S
SWITCH_PATIENCE_S: Final = limits.SWITCH_PATIENCE_S
EXIT_PATIENCE_S: Final = limits.EXIT_PATIENCE_S
SLOWLOG_PATIENCE_S: Final = 2.0
POLL_S: Final = 0.005  # while ending
INIT: Final = 1  # of a container: who else ends there may become our child
# Between two looks at whom we wait for: if all of us are suspended for long, that
# takes no more of a worker's time than this.
LOOK_S: Final = 0.5


class Worker:
    """One place for a worker: its counters stay, its processes come and go."""

    def __init__(self, index: int, region: Region) -> None:
        self.index = index
        self.region = region
        self.process: subprocess.Popen[bytes] | None = None
        self.channel: Channel | None = None
        self.held: Held = {}
        self.held_before: Held = {}  # what it has if it refuses
        self.blocks: dict[int, str] = {}  # where its process may count, and what of
        self.answer: asyncio.Future[str] | None = None  # "" or why it refused
        self.slow: asyncio.Future[list[Entry]] | None = None
        self.ready = False
        self.drained = False
        self.started_s = 0.0
        self.early_deaths = 0

    def ask_slowlog(self) -> "asyncio.Future[list[Entry]]":
        """Ask this worker for its slow requests; askers share the answer."""
        if self.slow is None or self.slow.done():
            self.slow = asyncio.get_running_loop().create_future()
            if self.channel:
                self.channel.send({"op": "slowlog"})
        return self.slow

    def settle_slowlog(self, entries: list[Entry]) -> None:
        """Answer whoever asked for the slow requests."""
        if self.slow and not self.slow.done():
            self.slow.set_result(entries)

    def settle(self, answer: str) -> None:
        """Answer whoever waits for this worker to take its setup."""
        if self.answer and not self.answer.done():
            self.answer.set_result(answer)


class Workers:
    """All places, and the setup that whoever starts in one is given."""

    def __init__(
        self,
        regions: Sequence[Region],
        process: Callable[[], Mapping[str, object]],
        owner: "Owner",
        poller: str,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._places = [Worker(index, region) for index, region in enumerate(regions)]
        self._process = process
        self._owner = owner
        self._poller = poller
        self._command = command
        self._setup: Setup | None = None
        self._stopping = False
        self._loop = asyncio.get_running_loop()

    @property
    def pids(self) -> list[int]:
        """The processes there are now."""
        return [worker.process.pid for worker in self._places if worker.process]

    @property
    def all_ready(self) -> bool:
        """Whether every place has a worker that serves."""
        return all(worker.ready for worker in self._places)

    async def start(self, setup: Setup) -> str:
        """Start all; "" once all serve, or why one cannot."""
        self._setup = setup
        self._loop.add_signal_handler(signal.SIGCHLD, self._reap)
        for worker in self._places:
            worker.answer = self._loop.create_future()
            self._spawn(worker)
        return await self._wait_answers(
            self._places, MAX_EARLY_DEATHS * START_PATIENCE_S
        )

    async def switch(self, setup: Setup) -> str:
        """Tell all to take `setup`; "" once all have, or why one has not.

        A place that is empty now gets `setup` with its next worker. If one refuses,
        the caller switches back: others may have taken it already.
        """
        self._setup = setup
        for pid in self.pids:
            grant(pid)
        told = [worker for worker in self._places if worker.process]
        for worker in told:
            worker.answer = self._loop.create_future()
            self._configure(worker, setup)
        return await self._wait_answers(told, SWITCH_PATIENCE_S)

    def tell(self, message: Message) -> None:
        """Tell every worker there is."""
        for worker in self._places:
            if worker.channel:
                worker.channel.send(message)

    async def slowlog(self) -> list[Entry]:
        """Ask every worker for its slow requests; those of all, the latest last."""
        asked = [worker for worker in self._places if worker.channel and worker.ready]
        answers = [worker.ask_slowlog() for worker in asked]
        if answers:
            await asyncio.wait(answers, timeout=SLOWLOG_PATIENCE_S)
        done = [answer.result() for answer in answers if answer.done()]
        return in_order(entry for entries in done for entry in entries)

    async def drain(self, patience_s: float) -> bool:
        """Let all finish what they owe; false if time ran out."""
        self._stopping = True
        self.tell({"op": "drain"})
        deadline_s = self._loop.time() + patience_s
        while any(worker.process and not worker.drained for worker in self._places):
            if self._loop.time() >= deadline_s:
                return False
            await asyncio.sleep(POLL_S)
        return True

    async def stop(self) -> None:
        """End all, by force what does not follow the end of its channel."""
        self._stopping = True
        for worker in self._places:
            if worker.channel:
                worker.channel.close()
        deadline_s = self._loop.time() + EXIT_PATIENCE_S
        while self.pids and self._loop.time() < deadline_s:
            await asyncio.sleep(POLL_S)
            self._reap()
        self.kill()

    def kill(self) -> None:
        """End all at once."""
        self._stopping = True
        for worker in self._places:
            if worker.process:
                worker.process.kill()
                worker.process.wait()
                worker.process = None

    def _spawn(self, worker: Worker) -> None:
        if self._stopping or self._setup is None:
            return
        worker.started_s = self._loop.time()
        try:
            channel = Channel(
                lambda message: self._on_message(worker, message),
                lambda: self._on_lost(worker),
            )
            self._execute(worker, channel)
        except OSError as failure:  # no memory, no descriptor, no Python any more
            how = f"cannot be started: {failure.strerror}"
            log.error("worker %d %s", worker.index, how)
            if self._may_wait(worker):
                self._loop.call_later(RETRY_S, self._spawn, worker)
            else:
                self._replace(worker, how, served=False)
            return
        worker.channel = channel
        worker.held, worker.ready, worker.drained = {}, False, False
        self._configure(worker, self._setup)
        self._watch(worker, channel, int(START_PATIENCE_S / LOOK_S))

    def _watch(self, worker: Worker, channel: Channel, looks: int) -> None:
        """End a worker that still starts, at the other end of that channel, at last."""
        if worker.channel is not channel or worker.ready:
            return
        if looks:
            self._loop.call_later(LOOK_S, self._watch, worker, channel, looks - 1)
        else:
            _kill(worker)

    def _may_wait(self, worker: Worker) -> bool:
        """Tell whether others serve while this place is empty, and nobody asks."""
        asked = worker.answer is not None and not worker.answer.done()
        return not asked and any(place.ready for place in self._places)

    def _execute(self, worker: Worker, channel: Channel) -> None:
        """Start the process at the other end of `channel`, or close that."""
        remote, region = channel.remote.fileno(), worker.region.fd
        others = [place.region.fd for place in self._places if place is not worker]
        try:
            worker.process = subprocess.Popen(  # noqa: S603 # our own command
                [
                    *self._command,
                    *(str(worker.index), str(remote), str(region), self._poller),
                    *map(str, others),
                ],
                stdin=subprocess.DEVNULL,
                pass_fds=(remote, region, *others),
                process_group=0,  # Ctrl-C in a terminal is for the supervisor
            )
        except OSError:
            channel.close()
            raise
        channel.remote.close()

    def _configure(self, worker: Worker, setup: Setup) -> None:
        if worker.channel is None:
            return
        message, fds = order(setup, self._process(), worker.held)
        worker.channel.send(message, fds)
        worker.held_before, worker.held = worker.held, setup.held
        worker.blocks.update(scopes_of(setup.blocks))

    async def _wait_answers(self, told: Sequence[Worker], patience_s: float) -> str:
        waits = {worker.answer: worker for worker in told if worker.answer}
        looks = int(patience_s / LOOK_S)
        while looks and not all(answer.done() for answer in waits):
            await asyncio.wait(waits, timeout=LOOK_S)
            looks -= 1
        reasons = []
        for answer, worker in waits.items():
            if not answer.done():
                reasons.append(f"worker {worker.index} gave no answer")
                _kill(worker)
            elif answer.result():
                reasons.append(f"worker {worker.index} {answer.result()}")
        return ", ".join(reasons)

    def _on_message(self, worker: Worker, message: Message) -> None:
        match message:
            case {"op": "ready", "generation": generation}:
                worker.ready = True
                if self._setup and generation == self._setup.generation:
                    worker.settle("")
            case {"op": "failed", "generation": _, "reason": reason}:
                self._on_refused(worker, str(reason))
            case {"op": "resolve", "host": str(host)}:
                self._owner.on_question(worker, host)
            case {"op": "drained"}:
                worker.drained = True
            case {"op": "slowlog", "entries": list(entries)}:
                worker.settle_slowlog(entries)
            case _:
                log.error("worker %d says what we do not know", worker.index)
                _kill(worker)

    def _on_refused(self, worker: Worker, reason: str) -> None:
        """Keep a worker that refuses a change, end one that cannot even begin."""
        worker.held = worker.held_before
        worker.settle(f"refuses: {reason}")
        if not worker.ready:
            log.error("worker %d cannot start: %s", worker.index, reason)
            _kill(worker)

    def _on_lost(self, worker: Worker) -> None:
        """See to it that a worker that hung up is dead, then replace it."""
        _kill(worker)
        self._reap()

    def _reap(self) -> None:
        for worker in self._places:
            if worker.process and worker.process.poll() is not None:
                self._on_death(worker, worker.process)
        if os.getpid() == INIT:
            bury(self.pids)

    def _on_death(self, worker: Worker, process: "subprocess.Popen[bytes]") -> None:
        worker.settle_slowlog([])
        served, worker.process, worker.ready = worker.ready, None, False
        if worker.channel:
            worker.channel.close()
        worker.region.forget(worker.blocks)
        worker.blocks.clear()
        if self._stopping:
            return
        how = _cause(process.returncode)
        log.error("worker %d (pid %d) %s", worker.index, process.pid, how)
        self._replace(worker, how, served)

    def _replace(self, worker: Worker, how: str, served: bool) -> None:
        """Start a successor soon, or give up when too many ended early."""
        lived_s = self._loop.time() - worker.started_s
        early = not served or lived_s < EARLY_DEATH_S
        worker.early_deaths = worker.early_deaths + 1 if early else 0
        if worker.early_deaths >= MAX_EARLY_DEATHS:
            worker.settle(how)
            self._owner.on_give_up(
                f"worker {worker.index} died {MAX_EARLY_DEATHS} times in a row within "
                f"{EARLY_DEATH_S:g} s of its start, giving up"
            )
            return
        if served:
            worker.settle(how)
        delay_s = RESPAWN_DELAYS_S[worker.early_deaths]
        self._loop.call_later(delay_s, self._spawn, worker)


class Owner(Protocol):
    """What the supervisor and a test's stand-in for it do for the workers."""

    def on_question(self, worker: Worker, host: str) -> None:
        """Find the addresses of `host` and tell them to `worker`."""

    def on_give_up(self, reason: str) -> None:
        """End, workers cannot be kept alive."""


def _kill(worker: Worker) -> None:
    if worker.process:
        worker.process.kill()


def bury(ours: Sequence[int]) -> None:
    """Take the ends of processes that the system made our children."""
    look = os.WEXITED | os.WNOHANG | os.WNOWAIT
    with contextlib.suppress(ChildProcessError):
        while (end := os.waitid(os.P_ALL, 0, look)) and end.si_pid not in ours:
            os.waitpid(end.si_pid, 0)


def _cause(status: int) -> str:
    if status >= 0:
        return f"exited with status {status}"
    return f"died of signal {-status} ({signal.Signals(-status).name})"
