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
    redis = pool.config.redis
    module: Any = import_module(f"twemproxy.proxy.{'redis' if redis else 'memcache'}")
    kind = module.RedisProtocol if redis else module.MemcacheProtocol
    protocol: Protocol = kind(pool)
    return protocol
