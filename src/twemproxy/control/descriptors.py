"""How many clients fit: what the limit on open files leaves after the servers."""

import contextlib
import os
import resource
import sys
from typing import Final, NamedTuple

from twemproxy import limits, log
from twemproxy.config.model import Config, PoolConfig

RESERVED: Final = limits.RESERVED_DESCRIPTORS
DESCRIPTORS_PER_PEER: Final = limits.DESCRIPTORS_PER_PEER
STARTING: Final = 8  # loop, pid file, counters, statistics: with less nothing starts
UNLIMITED: Final = 1 << 20  # what "no limit" counts as


def require_few() -> None:
    """Raise OSError where there are too few to begin, and to clean up afterwards."""
    with contextlib.ExitStack() as opened:
        for _ in range(STARTING):
            opened.callback(os.close, os.dup(2))


class Descriptors(NamedTuple):
    """The C program's arithmetic of one process; workers have it each.

    What RESP3 needs once more, `max_servers` does not count.
    """

    max_fds: int
    max_clients: int
    max_servers: int


def share_out(config: Config) -> Descriptors:
    """Divide the soft limit, raising it only when nobody could connect otherwise.

    Half of what servers leave is for clients, however many speak RESP3.
    """
    servers = sum(connections(pool) + 1 for pool in config.pools)
    newer = sum(connections(pool) for pool in config.pools if pool.redis)
    max_fds = _limit_for(servers + newer + RESERVED)
    pipes = min(limits.MAX_PIPES, max_fds // limits.DESCRIPTORS_PER_PIPE)
    left = max_fds - servers - RESERVED - 2 * pipes
    return Descriptors(max_fds, max(1, left - min(newer, left // 2)), servers)


def _limit_for(needed: int) -> int:
    """Return the soft limit, raised where it is no more than what is needed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return UNLIMITED
    if soft > needed:
        return soft
    raised = 2 * needed if hard == resource.RLIM_INFINITY else min(2 * needed, hard)
    if raised <= soft:
        text = "%d open files, no more are allowed, where servers may need %d"
        log.warn(text, soft, needed)
        return soft
    log.warn("%d open files are too few, raising the limit to %d", soft, raised)
    resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    return raised


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
