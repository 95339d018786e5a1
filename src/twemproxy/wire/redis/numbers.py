"""Numbers in the arguments of Redis commands."""

from typing import Final

SMALLEST: Final = -(2**63)
LARGEST: Final = 2**63 - 1
MAX_DIGITS: Final = 19


def is_integer(text: bytes) -> bool:
    """Tell whether Redis reads a text as an integer: 64 bits, no blank, no plus."""
    digits = text.removeprefix(b"-")
    if not digits.isdigit() or len(digits) > MAX_DIGITS:
        return False
    if digits[:1] == b"0":
        return text == b"0"
    return SMALLEST <= int(text) <= LARGEST
