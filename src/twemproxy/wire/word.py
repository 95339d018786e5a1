"""Short words and their rows, interpreted: the twin of ``word.pyx``.

A word of up to eight bytes without a zero byte is one number of 64 bits, its first byte
the highest, and is found as such.
"""

from typing import Final

from twemproxy.span import check

WORD_BYTES: Final = 8
NO_WORD: Final = -2  # too long to be a number


class WordTable:
    """Rows by short words; with `fold` it is blind to the case of ASCII letters."""

    __slots__ = ("_fold", "_rows")

    def __init__(self, words: int, fold: bool) -> None:
        """Have room for so many words."""
        self._fold = fold
        self._rows: dict[int, int] = {}

    def add(self, word: bytearray, row: int) -> None:
        """Give a word in lower case a row; a long one is not taken up."""
        number = word_at(word, 0, len(word), False)
        if number:
            self._rows[number] = row

    def find(self, buf: bytearray, start: int, end: int) -> int:
        """Return the row of the word buf[start:end], -1 without one, or NO_WORD.

        Raise IndexError if the buffer has no such span.
        """
        number = word_at(buf, start, end, self._fold)
        return self._rows.get(number, -1) if number else NO_WORD


def word_at(buf: bytearray, start: int, end: int, fold: bool) -> int:
    """Return the number that buf[start:end] is, 0 if it is none."""
    check(buf, start, end)
    word = bytes(buf[start:end])
    if not 0 < end - start <= WORD_BYTES or 0 in word:
        return 0
    return int.from_bytes(word.lower() if fold else word, "big")
