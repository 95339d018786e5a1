"""How long placing a key takes: each hash, a look-up, and building a ring."""

from collections.abc import Callable

from bench.micro.timing import milliseconds, nanoseconds
from twemproxy import Ring
from twemproxy.hashing import hashes
from twemproxy.hashing.distribution import Distribution

KEY = bytearray(b"user:0123456789:name")
SERVERS = 1000


def hashing(name: str) -> Callable[[], object]:
    """Make a call that hashes the key."""
    kind = hashes.KINDS[name]
    return lambda: hashes.hash_span(kind, KEY, 0, len(KEY))


def lookup(kind: str, size: int) -> Callable[[], object]:
    """Make a call that looks the key up in a pool of that size."""
    labels = [b"10.0.%d.%d:6379" % divmod(i, 250) for i in range(size)]
    placed = Distribution(kind, "fnv1a_64", b"", labels, [1] * size)
    return lambda: placed.server(KEY, 0, len(KEY))


def report() -> None:
    """Print one line per measurement."""
    for name in hashes.KINDS:
        spent = nanoseconds(hashing(name))
        print(f"hash {name:14} {spent:9.0f} ns  {len(KEY)}-byte key")
    for kind in ("ketama", "modula", "random"):
        for size in (3, SERVERS):
            spent = nanoseconds(lookup(kind, size))
            print(f"lookup {kind:12} {spent:9.0f} ns  {size} servers")
    labels = [(f"10.0.{i // 250}.{i % 250}:6379", 1) for i in range(SERVERS)]
    ring = Ring(labels)
    print(f"lookup Ring.server  {nanoseconds(lambda: ring.server('user:1')):9.0f} ns")
    print(
        f"build ketama        {milliseconds(lambda: Ring(labels)):9.2f} ms  {SERVERS}"
    )
    ring.eject(labels[0][0])
    ejecting = milliseconds(lambda: ring.eject(labels[0][0]))
    print(f"eject from ketama   {ejecting:9.2f} ms  {SERVERS}")
