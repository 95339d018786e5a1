"""Everything that can be told at one moment: where the numbers are, and who asks."""

from collections.abc import Sequence
from typing import NamedTuple

from twemproxy.stats.collect import PoolBlock


class Snapshot(NamedTuple):
    """The supervisor's own facts, and the shared memory the workers count in."""

    pools: Sequence[PoolBlock]
    views: Sequence[memoryview]
    generation: int
    failed_reloads: int
    started_s: float  # since the epoch
    now_ms: int  # by the clock of the heartbeats
