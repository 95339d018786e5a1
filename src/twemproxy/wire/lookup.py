"""From the bytes of a command name to the number of its row.

One open-addressing table of fixed-size records beside the names, both in byte
arrays: a look-up is one walk to hash, mostly one probe, one walk to compare,
and makes no object.

    slot:  length | parent + 1 (2 bytes) | row (2 bytes)      length 0: free
    names: `stride` bytes for each row, row 0 first

A name `config|get` is stored as `get` below the row of `config`; only
`find_below` sees it.

Most names are short, and a word of up to eight bytes is one number: those that are
below no other are found in a table of such numbers first.
"""

from twemproxy.wire.word import WordTable

SLOT_BYTES = 5
MAX_NAME = 255  # its length fits a byte
MAX_ROWS = 65535  # a row fits two bytes
UPPER_A = 65
UPPER_Z = 90
TO_LOWER = 32
DOT = 46


class CommandIndex:
    """Finds rows by name; never changes once built.

    `fold` makes it blind to the case of ASCII letters: the names given must
    then be lower case.
    """

    __slots__ = ("_fold", "_mask", "_names", "_short", "_slots", "_stride")

    def __init__(self, names: list[bytes], fold: bool = True) -> None:
        """Give row i the name `names[i]`; a parent comes anywhere in the list."""
        if len(names) >= MAX_ROWS:
            raise ValueError(f"{len(names)} rows")
        self._fold = fold
        size = 8
        while size < 3 * len(names):
            size *= 2
        self._mask = size - 1
        self._stride = max([len(name) for name in names], default=0)
        self._slots = bytearray(SLOT_BYTES * size)
        self._names = bytearray(self._stride * len(names))
        self._short = WordTable(len(names), fold)
        rows = {name: row for row, name in enumerate(names)}
        for row, name in enumerate(names):
            above, bar, word = name.rpartition(b"|")
            self._add(row, bytearray(word), rows[above] + 1 if bar else 0)

    def find(self, buf: bytearray, start: int, end: int) -> int:
        """Row of the command named by the span, or -1."""
        row = self._short.find(buf, start, end)
        return self._search(buf, start, end, 0) if row < -1 else row

    def find_below(self, parent: int, buf: bytearray, start: int, end: int) -> int:
        """Row of the subcommand of row `parent` named by the span, or -1."""
        return self._search(buf, start, end, parent + 1)

    def find_prefix(self, buf: bytearray, start: int, end: int) -> int:
        """Row of the rule for names up to and including their first dot, or -1."""
        pos = start
        while pos < end:
            if buf[pos] == DOT:
                return self._search(buf, start, pos + 1, 0)
            pos += 1
        return -1

    def _add(self, row: int, word: bytearray, parent: int) -> None:
        length = len(word)
        if not 0 < length <= MAX_NAME:
            raise ValueError(f"command name of {length} bytes")
        if self._search(word, 0, length, parent) >= 0:
            raise ValueError(f"two rows named {word!r}")
        slot = self._hash(word, 0, length, parent)
        while self._slots[slot * SLOT_BYTES]:
            slot = (slot + 1) & self._mask
        record = (length, parent >> 8, parent & 0xFF, row >> 8, row & 0xFF)
        at = slot * SLOT_BYTES
        self._slots[at : at + SLOT_BYTES] = bytes(record)
        at = row * self._stride
        self._names[at : at + length] = word
        if not parent:
            self._short.add(word, row)

    def _hash(self, buf: bytearray, start: int, end: int, parent: int) -> int:
        """Slot where the search for a name begins."""
        fold = self._fold
        value = parent
        pos = start
        while pos < end:
            byte = buf[pos]
            if fold and UPPER_A <= byte <= UPPER_Z:
                byte += TO_LOWER
            value = (value * 31 + byte) & 0xFFFFFF
            pos += 1
        return (value ^ (value >> 11)) & self._mask

    def _search(self, buf: bytearray, start: int, end: int, parent: int) -> int:
        length = end - start
        if not 0 < length <= MAX_NAME:
            return -1
        slots = self._slots
        slot = self._hash(buf, start, end, parent)
        at = slot * SLOT_BYTES
        while slots[at]:
            if slots[at] == length and slots[at + 1] * 256 + slots[at + 2] == parent:
                row = slots[at + 3] * 256 + slots[at + 4]
                if self._same(row, buf, start, length):
                    return row
            slot = (slot + 1) & self._mask
            at = slot * SLOT_BYTES
        return -1

    def _same(self, row: int, buf: bytearray, start: int, length: int) -> bool:
        """Tell whether `length` bytes from `start` on are the name of `row`."""
        names = self._names
        fold = self._fold
        at = row * self._stride
        i = 0
        while i < length:
            byte = buf[start + i]
            if fold and UPPER_A <= byte <= UPPER_Z:
                byte += TO_LOWER
            if byte != names[at + i]:
                return False
            i += 1
        return True
