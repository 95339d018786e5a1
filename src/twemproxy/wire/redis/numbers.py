"""Numbers in the arguments of Redis commands."""

from typing import Final

SMALLEST: Final = -(2**63)
LARGEST: Final = 2**63 - 1
MAX_DIGITS: Final = 19
MAX_CURSOR: Final = 2**64 - 1
MAX_CURSOR_DIGITS: Final = 20


def cursor(text: bytes) -> int:
    """Return a cursor as Redis reads it, by the rules of strtoul(3); -1 for none."""
    text = text.partition(b"\0")[0]
    negative = text[:1] == b"-"
    digits = text[1:] if text[:1] in (b"-", b"+") else text
    if text and not digits.isdigit():
        return -1
    if len(digits) > MAX_CURSOR_DIGITS or int(digits or b"0") > MAX_CURSOR:
        return -1
    number = int(digits or b"0")
    return (MAX_CURSOR + 1 - number) & MAX_CURSOR if negative else number


def is_integer(text: bytes) -> bool:
    """Tell whether Redis reads a text as an integer: 64 bits, no blank, no plus."""
    digits = text.removeprefix(b"-")
    if not digits.isdigit() or len(digits) > MAX_DIGITS:
        return False
    if digits[:1] == b"0":
        return text == b"0"
    return SMALLEST <= int(text) <= LARGEST
