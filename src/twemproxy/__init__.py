"""A fast, light proxy for the Redis and memcached protocols."""

from importlib import import_module
from typing import TYPE_CHECKING

from twemproxy.version import VERSION

if TYPE_CHECKING:
    from twemproxy.ring import Placement, Ring

__version__ = VERSION

__all__ = ["Placement", "Ring", "__version__"]


def __getattr__(name: str) -> object:
    """Load the library when it is asked for: a worker never does."""
    if name in ("Placement", "Ring"):
        return getattr(import_module("twemproxy.ring"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
