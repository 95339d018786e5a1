"""Spans of bytes: the one check that a walk over them begins with; interpreted."""


def check(buf: bytearray, pos: int, filled: int) -> None:
    """Raise IndexError if buf[pos:filled] is not all there."""
    if pos < 0 or filled > len(buf):
        refuse(buf, pos, filled)


def check_order(buf: bytearray, pos: int, filled: int) -> None:
    """Raise IndexError, too, if buf[pos:filled] ends before it begins."""
    if filled < pos:
        refuse(buf, pos, filled)
    check(buf, pos, filled)


def refuse(buf: bytearray, pos: int, filled: int) -> None:
    """Raise the IndexError that says what is there instead."""
    raise IndexError(f"{pos}..{filled} of {len(buf)}")
