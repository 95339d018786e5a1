"""How a target says that an invariant does not hold."""


class Violation(AssertionError):
    """An invariant does not hold."""


def require(holds: object, what: str, *shown: object) -> None:
    """Fail unless it holds, also where asserts are off."""
    if not holds:
        raise Violation(f"{what}: {shown!r}")
