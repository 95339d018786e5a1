"""Large blocks between two uses.

Fresh memory costs a page fault per 4 KiB, which for a large value is more than
reading it. So the blocks of freed slabs wait here for the next large value; slabs give
those that are worth it. What lay unused for a whole interval between two calls of
`trim` is given back.
"""

from typing import Final

MAX_BLOCKS: Final = 32
MAX_BYTES: Final = 16 * 1024 * 1024
MAX_WASTE: Final = 4  # a block may be so many times larger than what was asked for


class Spare:
    """Blocks that nobody uses, the latest freed last."""

    __slots__ = ("blocks", "idle", "total")

    def __init__(self) -> None:
        self.blocks: list[bytearray] = []
        self.total = 0  # bytes of all blocks
        self.idle = 0  # the least number of blocks since the last `trim`

    def take(self, size: int) -> bytearray | None:
        """Return a block of `size` bytes or some more, None if there is none."""
        i = len(self.blocks)
        while i > 0:
            i -= 1
            block = self.blocks[i]
            length = len(block)
            if size <= length <= size * MAX_WASTE:
                del self.blocks[i]
                self.total -= length
                self.idle = min(self.idle, len(self.blocks))
                return block
        return None

    def give(self, block: bytearray) -> None:
        """Keep a block for its next use, unless there are enough."""
        length = len(block)
        if len(self.blocks) < MAX_BLOCKS and self.total + length <= MAX_BYTES:
            self.blocks.append(block)
            self.total += length

    def trim(self) -> None:
        """Give back as many blocks as were not needed lately, the oldest first."""
        for block in self.blocks[: self.idle]:
            self.total -= len(block)
        del self.blocks[: self.idle]
        self.idle = len(self.blocks)


SPARE: Final = Spare()


def take_block(size: int) -> bytearray | None:
    """Return a spare block with room for `size` bytes, if there is one."""
    return SPARE.take(size)


def give_block(block: bytearray) -> None:
    """Keep a block that nobody uses any more."""
    SPARE.give(block)


def trim_blocks() -> None:
    """Give back what was not needed since the last call."""
    SPARE.trim()
