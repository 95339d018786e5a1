"""Short words as numbers, interpreted: the twin of ``word.pyx``."""

from typing import Final

WORD_BYTES: Final = 8


def word_at(buf: bytearray, start: int, end: int, fold: bool) -> int:
    """Return the word buf[start:end] as one number of 64 bits, its first byte highest.

    With `fold`, ASCII letters become lower case. 0 if it is empty, longer than eight
    bytes or has a zero byte. Raise IndexError if the buffer has no such span.
    """
    if start < 0 or end > len(buf):
        raise IndexError(f"{start}..{end} of {len(buf)}")
    word = bytes(buf[start:end])
    if not 0 < end - start <= WORD_BYTES or 0 in word:
        return 0
    return int.from_bytes(word.lower() if fold else word, "big")
