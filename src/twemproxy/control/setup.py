"""One configuration made ready: its counter blocks found, its listeners open.

A setup is what all workers have or are about to have. What one worker must be told
depends on which listeners it already holds, so the order is written per worker.
"""

from collections.abc import Mapping
from typing import NamedTuple

from twemproxy.config.model import Config
from twemproxy.control.channel import Message
from twemproxy.control.sockets import Listener
from twemproxy.stats.collect import PoolBlock

Held = dict[tuple[str, bool], Listener]  # by a pool's name and protocol


class Setup(NamedTuple):
    """A numbered configuration; pools, blocks and listeners match by position."""

    generation: int
    config: Config
    blocks: tuple[PoolBlock, ...]
    listeners: tuple[Listener, ...]
    max_clients: int  # of each worker

    @property
    def held(self) -> Held:
        """What a worker holds once it took this setup.

        A pool that changes its protocol is another pool to the worker, which lets go
        of the listener together with the old one.
        """
        keys = [(pool.name, pool.redis) for pool in self.config.pools]
        return dict(zip(keys, self.listeners, strict=True))


def order(
    setup: Setup, process: Mapping[str, object], held: Held
) -> tuple[Message, list[int]]:
    """Write the order to take `setup`, for a worker that holds these listeners."""
    pools = []
    fds: list[int] = []
    for pool, block, listener in zip(
        setup.config.pools, setup.blocks, setup.listeners, strict=True
    ):
        known = held.get((pool.name, pool.redis)) is listener
        pools.append(
            {
                "config": plain(pool),
                "block": block.block,
                "server_blocks": [server.block for server in block.servers],
                "listener": None if known else len(fds),
            }
        )
        if not known:
            fds.append(listener.socket.fileno())
    message: Message = {
        "op": "configure",
        "generation": setup.generation,
        "process": {**process, "max_clients": setup.max_clients},
        "pools": pools,
    }
    return message, fds


def plain(value: object) -> object:
    """Turn a configuration value into JSON's own: lists, and bytes as latin-1."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value
