"""Which protocol a pool speaks."""

from twemproxy.proxy.memcache import MemcacheProtocol
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.protocol import Protocol
from twemproxy.proxy.redis import RedisProtocol


def protocol_for(pool: Pool) -> Protocol:
    """Return the protocol object of a pool."""
    return RedisProtocol(pool) if pool.config.redis else MemcacheProtocol(pool)
