"""Bytes on their way out of one connection, in order.

Copy small, reference large: a run up to `COPY_MAX` bytes joins the others in one
chunk, a larger one is sent from where it was received. The first run is always
referenced, because many an outbox never holds a second one. What lies in a pipe is
sent from there.
"""

from typing import Final

from twemproxy.net import outcome
from twemproxy.net.memory import copy
from twemproxy.net.pipe import Gap
from twemproxy.net.slab import Piece, Slab, copied, piece_of
from twemproxy.net.sock import send

COPY_MAX: Final = 1024
CHUNK: Final = 16384
NUMBER_BYTES: Final = 24  # a mark, 20 digits, CR LF
MAX_SPARE: Final = 128

_spare: Final[list[Slab]] = []  # chunks that wait for their next use


def chunk_for(length: int) -> Slab:
    """Return an empty slab with room for `length` bytes, a used one if there is."""
    if length > CHUNK:
        return Slab(length)
    if _spare:
        slab = _spare.pop()
        slab.used = 0
        return slab
    return Slab(CHUNK)


def drop_spare() -> None:
    """Give back the memory of chunks that nobody uses."""
    _spare.clear()


class Outbox:
    """The pieces one connection still has to send.

    Always true: `pending` is the sum of the pieces' lengths; only the last piece
    may still grow, and only at the end of `chunk` or of a run just received.
    """

    __slots__ = ("chunk", "head", "last", "pending")

    head: Piece | None
    last: Piece | None
    chunk: Slab | None

    def __init__(self) -> None:
        self.head = None
        self.last = None
        self.chunk = None
        self.pending = 0

    def add(self, slab: Slab, start: int, end: int) -> None:
        """Send slab[start:end] after everything else."""
        if slab.gap is not None and start <= slab.gap.at < end:
            self.add_around(slab, slab.gap, start, end)
            return
        length = end - start
        last = self.last
        if last is not None:
            if last.slab is slab and last.off + last.length == start:
                last.length += length
                self.pending += length
                return
            if length <= COPY_MAX:
                self.copy_in(slab.buf, start, end)
                return
        if length > 0:
            self.append(piece_of(slab, start, length))

    def add_around(self, slab: Slab, gap: Gap, start: int, end: int) -> None:
        """Send slab[start:end] with what fills its gap, which leaves the slab."""
        slab.gap = None
        if start < gap.at:
            self.append(piece_of(slab, start, gap.at - start))
        for pipe in gap.pipes:
            if pipe.held:
                piece = piece_of(slab, gap.at, pipe.held)
                piece.pipe = pipe
                self.append(piece)
        self.append(piece_of(slab, gap.at, end - gap.at))

    def append(self, piece: Piece) -> None:
        """Link one more piece at the end."""
        if self.last is None:
            self.head = piece
        else:
            self.last.next = piece
        self.last = piece
        self.pending += piece.length

    def copy_in(self, source: bytearray, start: int, end: int) -> None:
        """Copy source[start:end] to the chunk that is being filled."""
        length = end - start
        chunk = self.chunk
        if chunk is None or chunk.size - chunk.used < length:
            chunk = chunk_for(length)
            self.chunk = chunk
        at = chunk.used
        chunk.used = copy(chunk.buf, at, source, start, end)
        last = self.last
        if last is not None and last.slab is chunk and last.off + last.length == at:
            last.length += length
            self.pending += length
        elif length > 0:
            self.append(piece_of(chunk, at, length))

    def retract(self, length: int) -> None:
        """Take back the last bytes, which were added together with all before them."""
        last = self.last
        if last is not None:
            last.length -= length
            self.pending -= length
            if last.slab is self.chunk:
                self.chunk.used -= length

    def reserve(self, length: int) -> Slab:
        """Return the chunk that is being filled, with room for so many bytes.

        Whoever writes there calls `extend` next.
        """
        if self.chunk is None or self.chunk.size - self.chunk.used < length:
            self.chunk = chunk_for(length)
        return self.chunk

    def say_number(self, mark: int, number: int) -> None:
        """Send the byte `mark`, a number in digits and CR LF."""
        chunk = self.reserve(NUMBER_BYTES)
        at = chunk.put_number(mark, number)
        self.extend(at, chunk.used - at)

    def extend(self, at: int, length: int) -> None:
        """Send what was just put into the chunk."""
        last = self.last
        if (
            last is not None
            and last.slab is self.chunk
            and last.off + last.length == at
        ):
            last.length += length
            self.pending += length
        elif length > 0 and self.chunk is not None:
            self.append(piece_of(self.chunk, at, length))

    def say(self, text: bytes) -> None:
        """Send a few bytes of our own making."""
        data = bytearray(text)
        self.copy_in(data, 0, len(data))

    def flush(self, fd: int) -> int:
        """Send what the socket takes; return 0, or -errno when it is broken.

        After 0, `pending` tells what is left for when the socket is writable.
        """
        while self.head is not None:
            head = self.head
            if head.pipe is None:
                sent = send(fd, head)
            else:
                sent = head.pipe.drain(fd, head.next is not None)
            if sent < 0:
                return 0 if sent == outcome.AGAIN else sent
            # A pipe may give less than the socket takes, so ask until it refuses.
            if sent == 0 or (not self.advance(sent) and head.pipe is None):
                return 0
        return 0

    def advance(self, sent: int) -> bool:
        """Forget `sent` bytes; true when the last piece touched went whole."""
        self.pending -= sent
        piece = self.head
        while piece is not None and sent >= piece.length:
            sent -= piece.length
            following = piece.next
            piece.next = None
            piece = following
        self.head = piece
        if piece is None:
            self.last = None
            self.release_chunk()
            return True
        if sent:
            piece.off += sent
            piece.length -= sent
            return False
        return True

    def release_chunk(self) -> None:
        """Keep the chunk for the next outbox that needs one."""
        chunk = self.chunk
        if chunk is not None:
            self.chunk = None
            if chunk.size == CHUNK and len(_spare) < MAX_SPARE:
                _spare.append(chunk)

    def settle(self) -> None:
        """Move what lies in the shared slab to memory of its own."""
        piece = self.head
        while piece is not None:
            if piece.slab.shared:
                end = piece.off + piece.length
                piece.slab = copied(piece.slab.buf, piece.off, end)
                piece.off = 0
            piece = piece.next

    def clear(self) -> None:
        """Forget everything; unlinked in a loop, for a long chain would recurse."""
        piece = self.head
        self.head = None
        self.last = None
        while piece is not None:
            following = piece.next
            piece.next = None
            piece = following
        self.pending = 0
        self.release_chunk()
