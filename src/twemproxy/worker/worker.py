"""What a worker has and does: pools, listeners, the orders of the supervisor."""

import gc
import mmap
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from twemproxy import log
from twemproxy.config.model import PoolConfig, pool_from_plain
from twemproxy.net.ledger import held_bytes
from twemproxy.net.poller import Poller
from twemproxy.net.reactor import Reactor
from twemproxy.proxy.balance import Balance
from twemproxy.proxy.guard import MemoryGuard
from twemproxy.proxy.listener import Listener
from twemproxy.proxy.patience import Patience
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.process import Process
from twemproxy.proxy.protocols import protocol_for
from twemproxy.stats import slot
from twemproxy.stats.counters import Block
from twemproxy.worker.line import Line, Message, carried
from twemproxy.worker.names import Names

HEARTBEAT_MS: Final = 1000

Place = tuple[str, int, str]  # host and port, or path


class Worker:
    """Everything in this process."""

    def __init__(
        self,
        line_fd: int,
        counters_fd: int,
        poller: Poller,
        others_fds: Sequence[int] = (),
    ) -> None:
        self.slots = _counters(counters_fd, mmap.ACCESS_WRITE)
        self.reactor = Reactor(poller)
        self.line = Line(line_fd, self.reactor, self.on_message)
        self.names = Names(self.line.send, self.reactor)
        block = Block(self.slots, 0)
        for gauge in (slot.CURR_CONNECTIONS, slot.PAUSED_CLIENTS):
            block.put(gauge, 0)
        others = [_counters(fd, mmap.ACCESS_READ) for fd in others_fds]
        self.balance = Balance(block, others)
        self.process = Process(self.reactor, block, self.names.resolve)
        self.process.guard = self.guard = MemoryGuard(self.process)
        self.patience = Patience(self.process, self.guard)
        self.former_ticks = block.get(slot.TICKS)  # of those whose place we took
        self.pools: dict[str, Pool] = {}
        self.leaving: list[Pool] = []  # removed, but somebody may still use them
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
        self.forget_gone()
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
                self.line.send({"op": "slowlog", "entries": entries})
            case _:
                log.error("unknown message from the supervisor")

    def configure(self, message: Message, fds: list[int]) -> None:
        """Take a configuration over, whole or not at all."""
        generation = message["generation"]
        try:
            configs = [pool_from_plain(pool["config"]) for pool in message["pools"]]
            if len(fds) < carried(message):  # the system gives as many as there may be
                raise ValueError("no descriptor is left for a listener")
        except (TypeError, ValueError) as error:
            for fd in fds:
                os.close(fd)
            reason = f"cannot take its configuration: {error}"
            answer = {"op": "failed", "generation": generation, "reason": reason}
            self.line.send(answer)
            return
        self.take_process(message["process"])
        taken = {place_of(config) for config in configs}
        names = {config.name for config in configs}
        for name in [name for name in self.pools if name not in names]:
            self.remove(name, taken)
        for config, order in zip(configs, message["pools"], strict=True):
            pool = self.take_pool(config, order, taken)
            if order["listener"] is not None:
                self.listen(pool, fds[order["listener"]])
        self.guard.adopt(list(self.pools.values()))
        self.patience.adopt(list(self.pools.values()), self.leaving)
        self.process.block.put(slot.GENERATION, generation)
        self.line.send({"op": "ready", "generation": generation})
        self.forget_gone()

    def take_process(self, order: Mapping[str, Any]) -> None:
        """Take over what concerns all pools; where to log, with the first order."""
        if not self.configured:
            log.join(
                order["log_path"], order["log_level"], order.get("log_json", False)
            )
            log.trace_crashes()
            self.configured = True
        self.process.max_clients = order["max_clients"]
        self.process.mbuf_bytes = order["mbuf_size"]

    def take_pool(
        self, config: PoolConfig, order: Mapping[str, Any], taken: set[Place]
    ) -> Pool:
        """Change a pool to what it shall be, or make it."""
        counters = Block(self.slots, order["block"])
        servers = [Block(self.slots, block) for block in order["server_blocks"]]
        pool = self.pools.get(config.name)
        if pool is not None and pool.config.redis == config.redis:
            pool.adopt(config, servers)
            return pool
        if pool is not None:
            self.remove(config.name, taken)
        counters.put(slot.CLIENT_CONNECTIONS, self.still_leaving(config.name))
        pool = Pool(self.process, config, counters)
        self.pools[config.name] = pool
        pool.start(protocol_for(pool), servers)
        return pool

    def forget_gone(self) -> None:
        """Give the memory of removed pools back once nobody uses them."""
        staying = [pool for pool in self.leaving if not pool.is_gone()]
        if len(staying) < len(self.leaving):
            self.leaving = staying
            self.patience.adopt(list(self.pools.values()), staying)
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
            self.line.send({"op": "drained"})
        else:
            self.reactor.call_at(self.reactor.now_ms + 10, self.tell_drained)


def place_of(config: PoolConfig) -> Place:
    """Return where a pool listens, however that was written."""
    return config.listen.host, config.listen.port, config.listen.path


def _counters(counters_fd: int, access: int) -> memoryview:
    """Map the numbers of a worker; those of another we may only look at."""
    memory = mmap.mmap(counters_fd, 0, access=access)  # it has a descriptor of its own
    os.close(counters_fd)
    return memoryview(memory).cast("q")
