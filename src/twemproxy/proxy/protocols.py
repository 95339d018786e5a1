"""Which protocol a pool speaks.

A worker loads a protocol with the first pool that speaks it: each takes about a
megabyte.
"""

from importlib import import_module
from typing import Any

from twemproxy.proxy.pool import Pool
from twemproxy.proxy.protocol import Protocol


def protocol_for(pool: Pool) -> Protocol:
    """Return the protocol object of a pool."""
    module: Any
    if pool.config.redis:
        module = import_module("twemproxy.proxy.redis")
        redis: Protocol = module.RedisProtocol(pool)
        return redis
    module = import_module("twemproxy.proxy.memcache")
    memcache: Protocol = module.MemcacheProtocol(pool)
    return memcache
