"""Build the hot path; the list below is its map.

Each entry is a module that runs as plain Python too. A failed compile fails the
build. Interpreted mode is asked for: ``TWEMPROXY_INTERPRETED=1 pip install .``
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

SOURCE = Path("src")

HOT = [
    "twemproxy.hashing.md5",
    "twemproxy.hashing.block_hashes",
    "twemproxy.hashing.hashes",
    "twemproxy.hashing.hash_tag",
    "twemproxy.hashing.continuum",
    "twemproxy.hashing.ketama",
    "twemproxy.hashing.modula",
    "twemproxy.hashing.random",
    "twemproxy.hashing.distribution",
    "twemproxy.net.clock",
    "twemproxy.net.memory",
    "twemproxy.net.spare",
    "twemproxy.net.ledger",
    "twemproxy.net.splice",
    "twemproxy.net.pipe",
    "twemproxy.net.slab",
    "twemproxy.net.sock",
    "twemproxy.net.outbox",
    "twemproxy.net.poller",
    "twemproxy.net.epoll",
    "twemproxy.net.reactor",
    "twemproxy.stats.counters",
    "twemproxy.wire.lookup",
    "twemproxy.wire.scanner",
    "twemproxy.wire.redis.request",
    "twemproxy.wire.redis.bulk",
    "twemproxy.wire.redis.response",
    "twemproxy.wire.redis.merge",
    "twemproxy.wire.memcache.merge",
    "twemproxy.wire.memcache.request",
    "twemproxy.wire.memcache.response",
    "twemproxy.proxy.process",
    "twemproxy.proxy.connection",
    "twemproxy.proxy.protocol",
    "twemproxy.proxy.request",
    "twemproxy.proxy.client",
    "twemproxy.proxy.server",
    "twemproxy.proxy.pool",
    "twemproxy.proxy.guard",
    "twemproxy.proxy.chains",
    "twemproxy.proxy.memcache_split",
    "twemproxy.proxy.memcache",
    "twemproxy.proxy.redis_split",
    "twemproxy.proxy.redis",
]

DIRECTIVES = {
    "language_level": 3,
    "annotation_typing": False,
    "boundscheck": True,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
}


def extension(module: str) -> Extension:
    """Prefer the leaf ``.pyx`` where a module has one; its twin is the ``.py``."""
    path = SOURCE / module.replace(".", "/")
    leaf = path.with_suffix(".pyx")
    source = leaf if leaf.exists() else path.with_suffix(".py")
    return Extension(module, [str(source)], extra_compile_args=["-O2", "-g1"])


def extensions() -> list[Extension]:
    """Compile every hot module, or none when interpreted mode was asked for."""
    if os.environ.get("TWEMPROXY_INTERPRETED"):
        return []
    return cythonize(
        [extension(module) for module in HOT],
        compiler_directives=DIRECTIVES,
        include_path=[str(SOURCE)],
        annotate=bool(os.environ.get("TWEMPROXY_ANNOTATE")),
        quiet=True,
        nthreads=os.cpu_count() or 1,
    )


setup(ext_modules=extensions())
