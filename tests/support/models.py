"""Configurations without a file."""

from twemproxy.config.model import Listen, PoolConfig, ServerConfig


def pool(name: str, *labels: str) -> PoolConfig:
    """Make a pool of these servers."""
    return PoolConfig(
        name,
        Listen("127.0.0.1:1", "127.0.0.1", 1, "", 0),
        tuple(ServerConfig(label, "127.0.0.1", 1, "", 1, label) for label in labels),
        *("fnv1a_64", b"", "ketama", 0, 512, 0, True, b"", 0),
        *(False, False, 1, 30000, 2, False, False, True, True),
    )
