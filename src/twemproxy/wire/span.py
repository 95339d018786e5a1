"""The one check that a walk over a span of bytes begins with, interpreted."""


def check(buf: bytearray, pos: int, filled: int) -> None:
    """Raise IndexError if buf[pos:filled] is not all there."""
    if pos < 0 or filled > len(buf):
        raise IndexError(f"{pos}..{filled} of {len(buf)}")
