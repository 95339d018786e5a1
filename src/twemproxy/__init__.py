"""A fast, light proxy for the Redis and memcached protocols."""

from twemproxy.version import VERSION as __version__

__all__ = ["__version__"]
