"""Slabs grow into spare blocks, but only into those that are large enough."""

from typing import Final

import pytest

from twemproxy.net.slab import Slab, copied
from twemproxy.net.spare import give_block, take_block

BLOCK: Final = 65536  # from here on, blocks are used again
HELD: Final = BLOCK + 400
ODD: Final = bytes(range(251)) * (HELD // 251 + 1)


@pytest.mark.parametrize("wanted", [0, BLOCK, BLOCK + 100, HELD, 3 * BLOCK])
@pytest.mark.parametrize("spare", [BLOCK, BLOCK + 100, 2 * BLOCK, 4 * BLOCK])
def test_what_a_slab_holds_stays_whatever_spare_blocks_there_are(
    wanted: int, spare: int
) -> None:
    while take_block(BLOCK) is not None:
        pass
    slab = copied(bytearray(ODD), 0, HELD)
    give_block(bytearray(spare))
    slab.grow(2 * BLOCK, wanted)
    assert slab.size == len(slab.buf) >= 2 * BLOCK
    assert slab.used == HELD
    assert slab.buf[:HELD] == ODD[:HELD]


def test_a_slab_never_shrinks() -> None:
    slab = Slab(100)
    slab.grow(50, 0)
    assert slab.size == len(slab.buf) == 100
