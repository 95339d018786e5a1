"""The Redis command table: one row per command, subcommand and module prefix.

It covers Redis up to 8.10 and Valkey up to 9.1. Where versions differ, and for
servers that no test can ask, a row asks for fewer words rather than more: the
server judges the rest.
"""

from typing import Final

from twemproxy.wire.redis.commands.modules import INDEXES, JSON, SKETCHES, TIME_SERIES
from twemproxy.wire.redis.commands.row import CATEGORIES, Command, arity_fits
from twemproxy.wire.redis.commands.scripts import CHANNELS, SCRIPTS, TRANSACTIONS
from twemproxy.wire.redis.commands.server import CLUSTERS, CONNECTION, REPLICAS, SERVER
from twemproxy.wire.redis.commands.streams import ARRAYS, STREAMS, VECTOR_SETS
from twemproxy.wire.redis.commands.strings import BITMAPS, HYPERLOGLOGS, KEYS, STRINGS
from twemproxy.wire.redis.commands.structures import (
    HASHES,
    LISTS,
    PLACES,
    SETS,
    SORTED_SETS,
)

__all__ = ["CATEGORIES", "COMMANDS", "FAMILIES", "ROW", "Command", "arity_fits"]

# In the order of the manual, whose headings these are.
FAMILIES: Final[dict[str, tuple[Command, ...]]] = {
    "Keys": KEYS,
    "Strings": STRINGS,
    "Bitmaps": BITMAPS,
    "HyperLogLogs": HYPERLOGLOGS,
    "Lists": LISTS,
    "Sets": SETS,
    "Sorted sets": SORTED_SETS,
    "Hashes": HASHES,
    "Geo": PLACES,
    "Streams": STREAMS,
    "Arrays": ARRAYS,
    "Vector sets": VECTOR_SETS,
    "Scripts and functions": SCRIPTS,
    "Transactions": TRANSACTIONS,
    "Publish and subscribe": CHANNELS,
    "Connection": CONNECTION,
    "Server": SERVER,
    "Replication": REPLICAS,
    "Cluster": CLUSTERS,
    "JSON documents": JSON,
    "Probabilistic types": SKETCHES,
    "Time series": TIME_SERIES,
    "Query engine": INDEXES,
}

COMMANDS: Final[tuple[Command, ...]] = tuple(
    row for family in FAMILIES.values() for row in family
)

# The number of each row by its name, as the look-up gives it.
ROW: Final[dict[bytes, int]] = {row.name: i for i, row in enumerate(COMMANDS)}
