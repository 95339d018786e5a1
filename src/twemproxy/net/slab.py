"""Memory that bytes are received into and sent from.

A `Slab` is a block of bytes. The loop owns one large *shared* slab that every
connection receives into during a tick and that is rewound at the tick's end, so
the hot bytes stay in the processor's cache. Whatever must live longer moves once
to a slab of its own. A `Piece` is a run of bytes in a slab; pieces are linked
into the outboxes they wait in. The ledger knows how many bytes slabs hold.

The inside of a large message may lie in pipes instead: its slab has a `Gap` then,
and whoever adds the message to an outbox sends head, pipes and tail in their order.
"""

from typing import Final

from twemproxy.net.ledger import hold
from twemproxy.net.memory import allocate, copy, require, resize
from twemproxy.net.pipe import Gap, Pipe
from twemproxy.net.spare import give_block, take_block

TEN: Final = 10
BLOCK: Final = 65536  # from this size on, memory is used again; less is cheap to make
WORTH_READING: Final = 16384  # for less room it is not worth to receive
COPIES: Final = 4  # as words, as parts of what is written, as the whole; and to spare


class Slab:
    """A block of bytes; `used` is how far it is filled.

    Always true: `used` <= `size` == len(`buf`). A slab that is `counted` is
    in the ledger from its making to its end. A large one may be larger than asked for.
    One with a `gap` holds the message that the gap belongs to, and nothing before it.
    """

    __slots__ = ("buf", "counted", "gap", "shared", "size", "used")

    gap: Gap | None

    def __init__(self, size: int, shared: bool = False) -> None:
        self.counted = False  # there may be no memory for it
        buf = take_block(size) if size >= BLOCK else None
        if buf is None:
            buf = allocate(size)
        else:
            size = len(buf)
        self.buf = buf
        self.size = size
        self.used = 0
        self.gap = None
        self.shared = shared
        self.counted = not shared  # in the ledger
        if not shared:
            hold(size)

    def __del__(self) -> None:
        if self.counted:
            hold(-self.size)
            if self.size >= BLOCK:
                give_block(self.buf)

    def grow(self, size: int, wanted: int) -> None:
        """Make room for `size` bytes in all; what is there stays.

        If a spare block has room for all that is `wanted`, it is used at once. Else
        the system must have as much again: a message that is split or joined is copied.
        """
        if size <= self.size:
            return
        # Who knows of less than there is wants less; the copy must fit all the same.
        wanted = max(wanted, size)
        block = take_block(wanted) if wanted >= BLOCK else None
        if block is not None:
            copy(block, 0, self.buf, 0, self.used)
            hold(len(block) - self.size)
            self.size = len(block)
            if len(self.buf) >= BLOCK:
                give_block(self.buf)
            self.buf = block
        else:
            require(2 * size - self.size)
            resize(self.buf, size)
            hold(size - self.size)
            self.size = size

    def room(self) -> int:
        """Return how many bytes may still be received, 0 if that is not worth it."""
        left = self.size - self.used
        return left if left >= WORTH_READING else 0

    def take(self, source: bytearray, start: int, end: int) -> int:
        """Append a copy of source[start:end]; return the offset it starts at."""
        at = self.used
        self.used = copy(self.buf, at, source, start, end)
        return at

    def put_number(self, mark: int, number: int) -> int:
        """Append the byte `mark`, `number` in digits and CR LF; return the offset.

        The caller has seen to room for `NUMBER_BYTES`; `number` is not negative.
        """
        at = self.used
        digits = 1
        rest = number
        while rest >= TEN:
            rest //= TEN
            digits += 1
        buf = self.buf
        buf[at] = mark
        pos = at + digits
        rest = number
        while pos > at:
            buf[pos] = 48 + rest % TEN
            rest //= TEN
            pos -= 1
        buf[at + digits + 1] = 13
        buf[at + digits + 2] = 10
        self.used = at + digits + 3
        return at

    def weigh(self, start: int, end: int) -> int:
        """Return how many bytes buf[start:end] stands for, a gap's included."""
        gap = self.gap
        if gap is not None and start <= gap.at < end:
            return end - start + gap.length
        return end - start


def copies_fit(size: int) -> bool:
    """Tell whether the system has memory to write a message of `size` bytes anew.

    It is there several times then, besides where it was received.
    """
    if size < BLOCK:
        return True
    try:
        require(COPIES * size)
    except MemoryError:
        return False
    return True


def holding(data: bytes) -> Slab:
    """Return a slab that holds exactly `data`."""
    slab = Slab(len(data))
    slab.buf[:] = data
    slab.used = len(data)
    return slab


def permanent(data: bytes) -> Slab:
    """Return a slab for a reply that is kept for good; it is in no ledger."""
    slab = Slab(0)
    slab.grow(len(data), 0)
    slab.counted = False
    hold(-slab.size)
    slab.buf[:] = data
    slab.used = len(data)
    return slab


def copied(source: bytearray, start: int, end: int) -> Slab:
    """Return a slab that holds exactly a copy of source[start:end]."""
    slab = Slab(end - start)
    slab.take(source, start, end)
    return slab


class Piece:
    """A run of bytes in a slab, or in a pipe, and the piece that follows it."""

    __slots__ = ("length", "next", "off", "pipe", "slab")

    slab: Slab
    off: int
    length: int
    pipe: Pipe | None  # holds exactly these bytes; `off` means nothing then
    next: "Piece | None"


def piece_of(slab: Slab, off: int, length: int) -> Piece:
    """Return the piece slab[off : off + length], linked to nothing."""
    piece = Piece.__new__(Piece)
    piece.slab = slab
    piece.off = off
    piece.length = length
    piece.pipe = None
    piece.next = None
    return piece
