"""How many clients fit: what the limit on open files leaves after the servers."""

import contextlib
import resource
import sys
from typing import Final, NamedTuple

from twemproxy import limits, log
from twemproxy.config.model import Config, PoolConfig

RESERVED: Final = limits.RESERVED_DESCRIPTORS
DESCRIPTORS_PER_PEER: Final = limits.DESCRIPTORS_PER_PEER
UNLIMITED: Final = 1 << 20  # what "no limit" counts as


class Descriptors(NamedTuple):
    """The C program's arithmetic of one process; workers have it each.

    What RESP3 needs once more, `max_servers` does not count.
    """

    max_fds: int
    max_clients: int
    max_servers: int


def share_out(config: Config) -> Descriptors:
    """Divide the soft limit, raising it only when nobody could connect otherwise."""
    servers = sum(connections(pool) + 1 for pool in config.pools)
    newer = sum(connections(pool) for pool in config.pools if pool.redis)
    reserve = RESERVED + newer
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft <= servers + reserve:
        wanted = 2 * (servers + reserve)
        raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if raised > soft:
            log.warn("%d open files are too few, raising the limit to %d", soft, raised)
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
        else:
            text = "%d open files, no more are allowed, where servers may need %d"
            log.warn(f"{text}: one client at a time", soft, servers + reserve)
        soft = raised
    max_fds = UNLIMITED if soft == resource.RLIM_INFINITY else soft
    pipes = min(limits.MAX_PIPES, max_fds // limits.DESCRIPTORS_PER_PIPE)
    reserve += 2 * pipes
    return Descriptors(max_fds, max(1, max_fds - servers - reserve), servers)


def connections(pool: PoolConfig) -> int:
    """Tell how many a pool may open to its servers for clients of one protocol."""
    return pool.server_connections * len(pool.servers)


def peers(most: int) -> int:
    """Tell how many may watch us at a time; where a worker dies, it needs some, too."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return most
    return max(1, min(most, soft // DESCRIPTORS_PER_PEER))


def grant(pid: int) -> None:
    """Give a worker that runs our limit of by now; one that starts inherits it."""
    if sys.platform == "linux":
        ours = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(OSError):  # it has just died
            resource.prlimit(pid, resource.RLIMIT_NOFILE, ours)
