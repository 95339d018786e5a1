"""How many bytes this process holds for its peers, in slabs and in pipes."""

from typing import Final


class Ledger:
    """Bytes held, those of the shared slab not counted."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held = 0


_ledger: Final = Ledger()


def hold(count: int) -> None:
    """Hold so many bytes more, or fewer when negative."""
    _ledger.held += count


def held_bytes() -> int:
    """Return how many bytes this process holds, the shared slab excepted."""
    return _ledger.held
