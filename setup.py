"""Build the hot path; the list below is its map.

Each entry is a module that runs as plain Python too. A failed compile fails the
build. Interpreted mode is asked for: ``TWEMPROXY_INTERPRETED=1 pip install .``
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from Cython.Compiler import Errors
from Cython.Compiler.Options import get_directive_defaults
from setuptools import Extension, setup

SOURCE = Path("src")

HOT = [
    "twemproxy.span",
    "twemproxy.hashing.md5",
    "twemproxy.hashing.block_hashes",
    "twemproxy.hashing.fnv",
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
    "twemproxy.wire.word",
    "twemproxy.wire.lookup",
    "twemproxy.wire.scanner",
    "twemproxy.wire.redis.request",
    "twemproxy.wire.redis.bulk",
    "twemproxy.wire.redis.response",
    "twemproxy.wire.redis.merge",
    "twemproxy.wire.redis.weave",
    "twemproxy.wire.memcache.plain",
    "twemproxy.wire.memcache.words",
    "twemproxy.wire.memcache.request",
    "twemproxy.wire.memcache.response",
    "twemproxy.proxy.process",
    "twemproxy.proxy.connection",
    "twemproxy.proxy.protocol",
    "twemproxy.proxy.line",
    "twemproxy.proxy.request",
    "twemproxy.proxy.pipeline",
    "twemproxy.proxy.client",
    "twemproxy.proxy.link",
    "twemproxy.proxy.server_connection",
    "twemproxy.proxy.sending",
    "twemproxy.proxy.server",
    "twemproxy.proxy.pool",
    "twemproxy.proxy.pairing",
    "twemproxy.proxy.pool_protocol",
    "twemproxy.proxy.guard",
    "twemproxy.proxy.patience",
    "twemproxy.proxy.chains",
    "twemproxy.proxy.memcache_values",
    "twemproxy.proxy.memcache_joint",
    "twemproxy.proxy.memcache_split",
    "twemproxy.proxy.memcache_pairing",
    "twemproxy.proxy.memcache",
    "twemproxy.proxy.redis_split",
    "twemproxy.proxy.redis_pairing",
    "twemproxy.proxy.redis",
]

DIRECTIVES = {
    "language_level": 3,
    "annotation_typing": False,
    "boundscheck": True,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "auto_pickle": False,
}

# What Cython adds to every module, memoryviews above all, is there once, in this one.
SHARED = "twemproxy._shared"

# What some modules have besides. Cython overlooks these in the `.pxd` of a `.py` file,
# takes what belongs to classes for whole modules only if there is a default, and warns
# (level 1) of the subtypes there, which have no free list.
get_directive_defaults().update(freelist=0, no_gc=False)
Errors.LEVEL = 2
SPECIAL = {
    # Objects that come with each request, in no cycles: kept for their next use.
    "twemproxy.net.slab": {"freelist": 256, "no_gc": True},
    "twemproxy.proxy.request": {"freelist": 256, "no_gc": True},
}


def extension(module: str) -> Extension:
    """Prefer the leaf ``.pyx`` where a module has one; its twin is the ``.py``."""
    path = SOURCE / module.replace(".", "/")
    leaf = path.with_suffix(".pyx")
    source = leaf if leaf.exists() else path.with_suffix(".py")
    if module == SHARED:  # which Cython writes itself
        source = path.with_suffix(".c")
    return Extension(module, [str(source)], extra_compile_args=["-O2", "-g1"])


def extensions() -> list[Extension]:
    """Compile every hot module, or none when interpreted mode was asked for."""
    if os.environ.get("TWEMPROXY_INTERPRETED"):
        return []
    usual = [module for module in HOT if module not in SPECIAL]
    found = translated([SHARED, *usual], {})
    for module, special in SPECIAL.items():
        found += translated([module], special)
    return found


def translated(modules: list[str], special: dict[str, object]) -> list[Extension]:
    """Have Cython turn modules into C."""
    return cythonize(
        [extension(module) for module in modules],
        compiler_directives=DIRECTIVES | special,
        shared_utility_qualified_name=SHARED,
        include_path=[str(SOURCE)],
        force=is_older(modules),
        annotate=bool(os.environ.get("TWEMPROXY_ANNOTATE")),
        quiet=True,
        nthreads=os.cpu_count() or 1,
    )


def is_older(modules: list[str]) -> bool:
    """Tell whether a module was made before what is asked for here was changed.

    Or before constants were, those of a `.pxd` beside no compiled module: that a module
    takes them by ``from package cimport constants`` Cython does not notice.
    """
    made = [(SOURCE / module.replace(".", "/")).with_suffix(".c") for module in modules]
    hot = {(SOURCE / module.replace(".", "/")).with_suffix(".pxd") for module in HOT}
    asked = [Path(__file__), *(set(SOURCE.rglob("*.pxd")) - hot)]
    asked_s = max(path.stat().st_mtime for path in asked)
    return any(path.exists() and path.stat().st_mtime < asked_s for path in made)


setup(ext_modules=extensions())
