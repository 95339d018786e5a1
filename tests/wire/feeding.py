"""Feeds scanners the way a network does: in pieces, one message after the other."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from twemproxy.wire import progress


class Scans(Protocol):
    """What the scanners of all protocols can do, compiled or not."""

    length: int
    need: int

    def reset(self) -> None:
        """Forget the last message."""

    def advance(self, buf: bytearray, start: int, filled: int) -> int:
        """Go on with the message at `start`."""


class Outcome(NamedTuple):
    """What a scanner made of a stream of bytes."""

    found: tuple[tuple[int, int], ...]  # status and length of each whole message
    error: str  # why it stopped, empty if it did not
    rest: int  # where the unfinished message begins


def every_byte(data: bytes) -> Iterator[int]:
    """Ends of pieces of one byte each."""
    return iter(range(1, len(data) + 1))


def feed(
    make: Callable[[], Scans], data: bytes, ends: Iterable[int] | None = None
) -> Outcome:
    """Show `data` to a scanner, whole or piece by piece: `ends` are the pieces' ends.

    The bytes lie in the middle of others and move between calls, and what has not
    arrived yet is visibly something else.
    """
    scanner = make()
    found: list[tuple[int, int]] = []
    pos = 0
    for number, filled in enumerate([len(data)] if ends is None else ends):
        ahead = number % 3
        buf = bytearray(b"$" * ahead + data[:filled] + b"\r\n" * 2)
        while pos < filled:
            try:
                status = scanner.advance(buf, pos + ahead, filled + ahead)
            except Exception as error:
                return Outcome(tuple(found), f"{type(error).__name__}: {error}", pos)
            if status == progress.MORE:
                break
            found.append((status, scanner.length))
            assert 0 < scanner.length <= filled - pos
            pos += scanner.length
            scanner.reset()
    return Outcome(tuple(found), "", pos)


def in_halves(data: bytes) -> Iterator[list[int]]:
    """Every way to cut once."""
    for cut in range(len(data)):
        yield [cut, len(data)]
