"""From the bytes of a command name to the number of its row.

One open-addressing table of fixed-size records beside the names, both in byte
arrays: a look-up is one walk to hash, mostly one probe, one walk to compare,
and makes no object.

    slot:  length | parent + 1 (2 bytes) | row (2 bytes)      length 0: free
    names: `stride` bytes for each row, row 0 first

A name `config|get` is stored as `get` below the row of `config`; only
`find_below` sees it.
"""

SLOT_BYTES = 5
MAX_NAME = 255
UPPER_A = 65
UPPER_Z = 90
TO_LOWER = 32
DOT = 46


class CommandIndex:
    """Finds rows by name; never changes once built.

    `fold` makes it blind to the case of ASCII letters: the names given must
    then be lower case.
    """

    def __init__(self, names: list[bytes], fold: bool = True) -> None:
        """Give row i the name `names[i]`; a parent comes anywhere in the list."""
        self._fold = fold
        self._mask = 8
        while self._mask < 3 * len(names):
            self._mask *= 2
        self._stride = max([len(name) for name in names], default=0)
        self._slots = bytearray(SLOT_BYTES * self._mask)
        self._names = bytearray(self._stride * len(names))
        self._mask -= 1
        rows = {name: row for row, name in enumerate(names)}
        for row, name in enumerate(names):
            above, bar, word = name.rpartition(b"|")
            self._add(row, word, rows[above] + 1 if bar else 0)

    def _add(self, row: int, word: bytes, parent: int) -> None:
        if not 0 < len(word) <= MAX_NAME:
            raise ValueError(f"command name of {len(word)} bytes")
        if self._search(bytearray(word), 0, len(word), parent) >= 0:
            raise ValueError(f"two rows named {word!r}")
        value = parent
        for byte in word:
            value = (value * 31 + byte) & 0xFFFFFFFF
        slot = (value ^ (value >> 15)) & self._mask
        while self._slots[slot * SLOT_BYTES]:
            slot = (slot + 1) & self._mask
        at = slot * SLOT_BYTES
        self._slots[at : at + SLOT_BYTES] = (
            len(word),
            parent >> 8,
            parent & 0xFF,
            row >> 8,
            row & 0xFF,
        )
        self._names[row * self._stride : row * self._stride + len(word)] = word

    def find(self, buf: bytearray, start: int, end: int) -> int:
        """Row of the command named by the span, or -1."""
        return self._search(buf, start, end, 0)

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

    def _search(self, buf: bytearray, start: int, end: int, parent: int) -> int:
        length = end - start
        if length > MAX_NAME:
            return -1
        slots = self._slots
        fold = self._fold
        value = parent
        pos = start
        while pos < end:
            byte = buf[pos]
            if fold and UPPER_A <= byte <= UPPER_Z:
                byte += TO_LOWER
            value = (value * 31 + byte) & 0xFFFFFFFF
            pos += 1
        slot = (value ^ (value >> 15)) & self._mask
        while slots[slot * SLOT_BYTES]:
            at = slot * SLOT_BYTES
            if slots[at] == length and slots[at + 1] * 256 + slots[at + 2] == parent:
                row = slots[at + 3] * 256 + slots[at + 4]
                if self._same(row, buf, start, length):
                    return row
            slot = (slot + 1) & self._mask
        return -1

    def _same(self, row: int, buf: bytearray, start: int, length: int) -> bool:
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
