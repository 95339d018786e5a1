"""A worker process: one loop, its pools, and the line to the supervisor.

The only door between the control plane and the data plane. Everything a worker
needs arrives over its control socket: frozen configuration, listening sockets,
the addresses of names. When that socket ends, the worker ends.
"""

import gc
import json
import mmap
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from twemproxy import log
from twemproxy.config.model import PoolConfig, pool_from_plain
from twemproxy.net.epoll import EpollPoller
from twemproxy.net.ledger import held_bytes
from twemproxy.net.outcome import READ
from twemproxy.net.poller import Poller
from twemproxy.net.portable import PortablePoller
from twemproxy.net.reactor import Handler, Reactor
from twemproxy.proxy.balance import Balance
from twemproxy.proxy.guard import Watch
from twemproxy.proxy.listener import Listener
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.process import Process
from twemproxy.proxy.protocols import protocol_for
from twemproxy.stats import slot
from twemproxy.stats.counters import Block

HEARTBEAT_MS = 1000
MAX_LINE_BYTES = 65536
MAX_FDS = 253
IGNORED = (
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU),
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE),
)
CLIENT_NUMBER_BITS = 40  # below the number of the worker: both fit a float's 53

Message = dict[str, Any]
Found = Callable[[list[str]], None]
Place = tuple[str, int, str]  # host and port, or path


class Names:
    """Addresses of host names; asks the supervisor, which may take its time."""

    def __init__(self, send: Callable[[Message], None], reactor: Reactor) -> None:
        self.send = send
        self.reactor = reactor
        self.known: dict[str, tuple[list[str], int]] = {}
        self.asked: dict[str, list[Found]] = {}

    def resolve(self, host: str, found: Found) -> None:
        """Call `found` with addresses, now if they are known and still good."""
        addresses, good_until_ms = self.known.get(host, ([], 0))
        if good_until_ms > self.reactor.now_ms:
            found(addresses)
        elif host in self.asked:
            self.asked[host].append(found)
        else:
            self.asked[host] = [found]
            self.send({"op": "resolve", "host": host})

    def on_resolved(self, host: str, addresses: list[str], ttl_ms: int) -> None:
        """Tell everybody who waits for this name."""
        if addresses:
            self.known[host] = (addresses, self.reactor.now_ms + ttl_ms)
        for found in self.asked.pop(host, []):
            found(addresses)


class Control(Handler):
    """Our end of the line to the supervisor: JSON objects, one a line."""

    def __init__(
        self, fd: int, reactor: Reactor, take: Callable[[Message, list[int]], None]
    ) -> None:
        Handler.__init__(self, fd, 0)
        self.sock = socket.socket(fileno=fd)
        self.sock.setblocking(False)
        self.reactor = reactor
        self.take = take
        self.received = b""
        self.fds: list[int] = []
        reactor.register(self)

    def on_event(self, flags: int) -> None:
        """Act on every line that has arrived; end with the supervisor."""
        while flags & READ:
            try:
                data, fds, _, _ = socket.recv_fds(self.sock, MAX_LINE_BYTES, MAX_FDS)
            except BlockingIOError:
                return
            except OSError:
                data, fds = b"", []
            self.fds += fds
            if not data:
                self.reactor.running = False
                return
            *lines, self.received = (self.received + data).split(b"\n")
            for line in lines:
                message = json.loads(line)
                # One read may end a line and bring the sockets of the next one.
                count = _carried(message)
                carried, self.fds = self.fds[:count], self.fds[count:]
                self.take(message, carried)

    def send(self, message: Message) -> None:
        """Tell the supervisor; our messages are few and short."""
        self.sock.setblocking(True)
        try:
            self.sock.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            self.reactor.running = False
        finally:
            self.sock.setblocking(False)


class Worker:
    """Everything in this process."""

    def __init__(
        self,
        control_fd: int,
        counters_fd: int,
        poller: Poller,
        others_fds: Sequence[int] = (),
    ) -> None:
        self.slots = memoryview(mmap.mmap(counters_fd, 0)).cast("q")
        self.reactor = Reactor(poller)
        self.control = Control(control_fd, self.reactor, self.on_message)
        self.names = Names(self.control.send, self.reactor)
        block = Block(self.slots, 0)
        for gauge in (slot.CURR_CONNECTIONS, slot.PAUSED_CLIENTS):
            block.put(gauge, 0)
        self.balance = Balance(block, [_counters_of_another(fd) for fd in others_fds])
        self.process = Process(self.reactor, block, self.names.resolve)
        self.watch = Watch(self.process)
        self.process.guard = self.watch
        self.former_ticks = block.get(slot.TICKS)  # of those whose place we took
        self.pools: dict[str, Pool] = {}
        self.leaving: list[Pool] = []  # removed, some may still owe something
        self.listeners: dict[str, Listener] = {}
        self.configured = False
        self.beat()

    def run(self) -> None:
        """Serve until the supervisor hangs up."""
        self.reactor.run()

    def beat(self) -> None:
        """Show that the loop is alive, and give back what nobody uses."""
        block = self.process.block
        block.put(slot.HEARTBEAT, self.reactor.now_ms)
        self.process.drop_spare()
        block.put(slot.BUFFERED_BYTES, held_bytes())
        block.put(slot.TICKS, self.former_ticks + self.reactor.ticks)
        self.reactor.call_at(self.reactor.now_ms + HEARTBEAT_MS, self.beat)

    # What the supervisor says.

    def on_message(self, message: Message, fds: list[int]) -> None:
        """Do what one message asks for."""
        match message:
            case {"op": "configure"}:
                self.configure(message, fds)
            case {"op": "resolved", "host": host, "addresses": addresses}:
                self.names.on_resolved(host, addresses, message.get("ttl_ms", 0))
            case {"op": "log_level", "level": level}:
                log.set_level(level)
            case {"op": "log_reopen"}:
                log.reopen()
            case {"op": "drain"}:
                self.drain()
            case {"op": "slowlog"}:
                entries = list(self.process.slowlog.entries)
                self.control.send({"op": "slowlog", "entries": entries})
            case _:
                log.error("unknown message from the supervisor")

    def configure(self, message: Message, fds: list[int]) -> None:
        """Take a configuration over, whole or not at all."""
        generation = message["generation"]
        process = message["process"]
        try:
            configs = [pool_from_plain(pool["config"]) for pool in message["pools"]]
            if len(fds) < _carried(message):  # the system gives as many as there may be
                raise ValueError("no descriptor is left for a listener")
        except (TypeError, ValueError) as error:
            for fd in fds:
                os.close(fd)
            reason = f"cannot take its configuration: {error}"
            self.control.send(
                {"op": "failed", "generation": generation, "reason": reason}
            )
            return
        if not self.configured:
            log.join(
                process["log_path"],
                process["log_level"],
                process.get("log_json", False),
            )
            log.trace_crashes()
            self.configured = True
        self.process.max_clients = process["max_clients"]
        self.process.mbuf_bytes = process["mbuf_size"]
        names = {config.name for config in configs}
        taken = {place_of(config) for config in configs}
        for name in [name for name in self.pools if name not in names]:
            self.remove(name, taken)
        for config, order in zip(configs, message["pools"], strict=True):
            counters = Block(self.slots, order["block"])
            servers = [Block(self.slots, block) for block in order["server_blocks"]]
            pool = self.pools.get(config.name)
            if pool is not None and pool.config.redis != config.redis:
                self.remove(config.name, taken)
                pool = None
            if pool is None:
                counters.put(slot.CLIENT_CONNECTIONS, self.still_leaving(config.name))
                pool = Pool(self.process, config, counters)
                self.pools[config.name] = pool
                pool.start(protocol_for(pool), servers)
            else:
                pool.adopt(config, servers)
            if order["listener"] is not None:
                self.listen(pool, fds[order["listener"]])
        staying = [pool for pool in self.leaving if pool.owes()]
        gone = len(self.leaving) - len(staying)
        self.leaving = staying
        self.watch.adopt(list(self.pools.values()), self.leaving)
        self.process.block.put(slot.GENERATION, generation)
        self.control.send({"op": "ready", "generation": generation})
        if gone:
            gc.collect()  # a pool and its servers know each other

    def listen(self, pool: Pool, fd: int) -> None:
        """Accept the clients of a pool; a former listener of it accepts its last."""
        former = self.listeners.pop(pool.config.name, None)
        if former is not None:
            former.finish()
        os.set_blocking(fd, False)
        listener = Listener(self.process, pool, fd, self.balance)
        self.listeners[pool.config.name] = listener
        self.reactor.register(listener)

    def remove(self, name: str, taken: set[Place]) -> None:
        """Let the clients of a pool finish, and its last in unless others do."""
        pool = self.pools.pop(name)
        listener = self.listeners.pop(name, None)
        if listener is not None and place_of(pool.config) in taken:
            listener.close()
        elif listener is not None:
            listener.finish()
        pool.remove()
        self.leaving.append(pool)

    def still_leaving(self, name: str) -> int:
        """Count the clients of former pools of this name that are not gone yet."""
        former = [pool for pool in self.leaving if pool.config.name == name]
        return sum(not client.leaving for pool in former for client in pool.clients)

    def drain(self) -> None:
        """Accept nobody, answer what is owed, then say so."""
        for listener in self.listeners.values():
            listener.finish()
        self.listeners.clear()
        for pool in self.pools.values():
            pool.retire()
        self.reactor.call_at(self.reactor.now_ms + 1, self.tell_drained)

    def tell_drained(self) -> None:
        """Report the end of the drain as soon as nothing is owed."""
        pools = [*self.pools.values(), *self.leaving]
        if not any(pool.owes() for pool in pools):
            self.control.send({"op": "drained"})
        else:
            self.reactor.call_at(self.reactor.now_ms + 10, self.tell_drained)


def place_of(config: PoolConfig) -> Place:
    """Return where a pool listens, however that was written."""
    return config.listen.host, config.listen.port, config.listen.path


def show_title(title: str) -> None:
    """Set our title in `ps`, without the logging that its package imports: 1 MB.

    For the time of the import the package is a shell around its compiled half.
    """
    specs = (finder.find_spec("setproctitle", None) for finder in sys.meta_path)
    spec = next(filter(None, specs))
    shell = ModuleType("setproctitle")
    shell.__path__ = list(spec.submodule_search_locations or ())
    sys.modules["setproctitle"] = shell
    try:
        set_title = __import__("setproctitle._setproctitle", fromlist=["setproctitle"])
    finally:
        del sys.modules["setproctitle"]
    set_title.setproctitle(title)


def trail(bug: BaseException) -> str:
    """Tell through which lines an exception came, the innermost first."""
    places = []
    at = bug.__traceback__
    while at is not None:
        file = at.tb_frame.f_code.co_filename
        places.append(f"{file[file.rfind('/') + 1 :]}:{at.tb_lineno}")
        at = at.tb_next
    return " < ".join(reversed(places))


def _counters_of_another(counters_fd: int) -> memoryview:
    """Give the numbers of another worker, to look at only."""
    memory = mmap.mmap(counters_fd, 0, access=mmap.ACCESS_READ)
    os.close(counters_fd)
    return memoryview(memory).cast("q")


def _carried(message: Message) -> int:
    """Tell how many sockets came with a message."""
    return sum(order["listener"] is not None for order in message.get("pools", ()))


def main(argv: list[str]) -> int:
    """Run as ``python -m twemproxy.worker INDEX CONTROL COUNTERS POLLER OTHERS``.

    The descriptors of the line, of our counters and of every other worker's. Signals
    are for the supervisor, even those sent to all processes of a service or a terminal.
    """
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    show_title(f"nutcracker: worker {argv[1]}")
    poller = PortablePoller() if argv[4] == "portable" else EpollPoller()
    others = [int(fd) for fd in argv[5:]]
    worker = Worker(int(argv[2]), int(argv[3]), poller, others)
    worker.process.numbered = int(argv[1]) << CLIENT_NUMBER_BITS
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        worker.run()
    except Exception as bug:  # the edge of a worker: the log has to tell
        log.error("%r in %s", bug, trail(bug))
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
