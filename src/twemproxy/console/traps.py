"""What goes wrong again and again in configurations, found before it does.

Each trap is a function of a pool's change and its movement that yields warnings;
`TRAPS` is the list of all.
"""

from collections.abc import Callable, Iterator
from typing import Final

from twemproxy.config.diff import Change, PoolChange
from twemproxy.config.model import PoolConfig
from twemproxy.console.movement import Movement

UNEVEN: Final = 3.0  # times the fair share, more or less, that is worth a word
MIN_FAIR_KEYS: Final = 300  # below that a sample's share says nothing
MIN_SERVER_KEYS: Final = 20  # on average; with fewer, chance may leave a server none
BAD_SLOT_FACTORS: Final = (3, 5, 29)  # of 2**32 - 1 neighbours in fnv1a_64

Trap = Callable[[PoolConfig, PoolChange, Movement], Iterator[str]]


def warnings(change: PoolChange, movement: Movement) -> list[str]:
    """List what an operator should know about the pool as it will be."""
    if change.new is None:
        return ["its clients will be refused, its keys are no longer reachable"]
    return [text for trap in TRAPS for text in trap(change.new, change, movement)]


def _unnamed(pool: PoolConfig, change: PoolChange, _: Movement) -> Iterator[str]:
    if pool.distribution == "random" or len(pool.servers) == 1:
        return
    nameless = [server for server in pool.servers if not server.name]
    before = {server.label for server in change.old.servers} if change.old else set()
    fresh = [server for server in nameless if server.label not in before]
    gone = [
        server.label
        for server in (change.old.servers if change.old else ())
        if not server.name and server.label not in {s.label for s in pool.servers}
    ]
    if fresh and gone:
        yield (
            f"{', '.join(gone)} had no name: keys are placed by the address, so they "
            f"do not follow to {', '.join(server.label for server in fresh)}"
        )
    elif nameless:
        yield (
            f"{len(nameless)} of {len(pool.servers)} servers "
            f"{'has' if len(nameless) == 1 else 'have'} no name: a new address will "
            f"move {'its' if len(nameless) == 1 else 'their'} keys"
        )


def _renamed(_: PoolConfig, change: PoolChange, __: Movement) -> Iterator[str]:
    for server in change.servers:
        if server.kind is Change.RENAMED:
            yield (
                f"'{server.old}' becomes '{server.new}': another label places other "
                "keys there; give the old label as the name to keep them"
            )
        elif server.kind is Change.READDRESSED:
            yield (
                f"{server.label} moves from '{server.old}' to '{server.new}': its "
                "keys are looked for there, bring the data first"
            )


def _weights(pool: PoolConfig, change: PoolChange, moved: Movement) -> Iterator[str]:
    if any(server.kind is Change.REWEIGHTED for server in change.servers):
        yield "a changed weight moves keys of all servers, named ones too"
    if pool.distribution == "random":
        if len({server.weight for server in pool.servers}) > 1:
            yield "distribution random ignores weights"
        return
    if moved.keys < MIN_SERVER_KEYS * len(pool.servers):
        return
    for server in pool.servers:
        if not moved.shares.get(server.label):
            yield f"{server.label} (weight {server.weight}) gets none of the keys"


def _ejection(pool: PoolConfig, _: PoolChange, __: Movement) -> Iterator[str]:
    if not pool.auto_eject_hosts:
        return
    if pool.redis:
        yield (
            "auto_eject_hosts: right for a cache; in a data store keys of an ejected "
            "server seem lost, and what is written meanwhile is lost on its return"
        )
    if pool.distribution == "modula":
        yield "auto_eject_hosts with modula: one ejection moves nearly all keys"
    if not pool.timeout_ms:
        yield "auto_eject_hosts without timeout: a server that hangs is never ejected"


def _no_timeout(pool: PoolConfig, _: PoolChange, __: Movement) -> Iterator[str]:
    if not pool.timeout_ms and not pool.auto_eject_hosts:
        yield "no timeout: clients of a server that hangs wait for ever"


def _bad_pair(pool: PoolConfig, _: PoolChange, __: Movement) -> Iterator[str]:
    if len(pool.servers) == 1:
        return
    slots = sum(server.weight for server in pool.servers)
    if pool.distribution == "ketama" and pool.hash == "crc32":
        yield "ketama with crc32: as a rule one server gets every key"
    short_cycle = any(slots % factor == 0 for factor in BAD_SLOT_FACTORS)
    if pool.distribution == "modula" and pool.hash == "fnv1a_64" and short_cycle:
        yield (
            f"modula with fnv1a_64 over {slots} slots spreads short, similar keys "
            "badly; murmur does not"
        )


def _uneven(pool: PoolConfig, _: PoolChange, moved: Movement) -> Iterator[str]:
    weights = sum(server.weight for server in pool.servers)
    for server in pool.servers:
        count = moved.shares.get(server.label, 0)
        fair = moved.keys * server.weight / weights
        if fair < MIN_FAIR_KEYS or not count:
            continue
        if not fair / UNEVEN <= count <= fair * UNEVEN:
            yield (
                f"{server.label} gets {count / moved.keys:.1%} of the keys, its weight "
                f"says {server.weight / weights:.1%}"
            )


def _other_rule(_: PoolConfig, change: PoolChange, __: Movement) -> Iterator[str]:
    keys = {setting.key for setting in change.settings}
    if "listen" in keys:
        yield "listen changes: clients must connect to the new address"
    if "redis_db" in keys:
        yield "redis_db changes: every key is looked for in another database"


TRAPS: Final[tuple[Trap, ...]] = (
    _unnamed,
    _renamed,
    _weights,
    _other_rule,
    _ejection,
    _no_timeout,
    _bad_pair,
    _uneven,
)
