"""Who of several workers accepts the next client.

All workers wait on the same listening sockets, and the kernel lets whoever asks first
have the client: under load one that happens to run takes all of them. So each looks at
how many connections the others have, and one that has more than the least of them
leaves newcomers to the others for a moment. If they are still there afterwards, the
others are busy or dead, and it takes a few.
"""

from collections.abc import Sequence
from typing import Final

from twemproxy.stats import slot
from twemproxy.stats.counters import Block

SLACK: Final = 2  # connections that one may be ahead
SLACK_SHARE: Final = 32  # and one of so many
LEAVE_MS: Final = 1
FEW: Final = 4  # clients taken in a row though others have fewer


class Balance:
    """Compares the connections of this worker with those of the others."""

    __slots__ = ("others", "own")

    def __init__(self, own: Block, others: Sequence[memoryview]) -> None:
        """Use our process block, and all counters of each other worker, to look at."""
        self.own = own
        self.others = others

    def is_ahead(self) -> bool:
        """Tell whether somebody else should have the next client."""
        if not self.others:
            return False
        least = min(other[slot.CURR_CONNECTIONS] for other in self.others)
        lead = self.own.get(slot.CURR_CONNECTIONS) - least
        return lead > SLACK + least // SLACK_SHARE

    def elsewhere(self, block: Block, number: int) -> int:
        """Add up what the others have in a slot of this block, the same in all."""
        return sum(other[block.at + number] for other in self.others)


ALONE: Final = Balance(Block(memoryview(bytearray(8 * slot.SLOTS)).cast("q"), 0), ())
