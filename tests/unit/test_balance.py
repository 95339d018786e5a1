"""Who accepts the next client."""

import pytest

from twemproxy.proxy.balance import ALONE, Balance
from twemproxy.stats import slot
from twemproxy.stats.counters import Block


def counters(connections: int) -> memoryview:
    numbers = memoryview(bytearray(2 * 8 * slot.SLOTS)).cast("q")
    numbers[slot.CURR_CONNECTIONS] = connections
    return numbers


@pytest.mark.parametrize(
    ("own", "others", "ahead"),
    [
        (0, [0], False),
        (2, [0, 9], False),
        (3, [0, 9], True),
        (1030, [1000], False),
        (1040, [1000], True),
        (10, [50], False),
    ],
)
def test_who_has_more_than_the_least_is_ahead(
    own: int, others: list[int], ahead: bool
) -> None:
    balance = Balance(Block(counters(own), 0), [counters(n) for n in others])
    assert balance.is_ahead() == ahead


def test_who_is_alone_is_never_ahead() -> None:
    assert not ALONE.is_ahead()


def test_what_the_others_have_in_a_block_is_added_up() -> None:
    others = [counters(0) for _ in range(2)]
    for number, other in enumerate(others, 1):
        other[slot.SLOTS + slot.CLIENT_CONNECTIONS] = number
    own = counters(0)
    balance = Balance(Block(own, 0), others)
    assert balance.elsewhere(Block(own, 1), slot.CLIENT_CONNECTIONS) == 3
