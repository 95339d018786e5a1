"""The replies of several servers to one request, made one reply.

Cold: whole replies as bytes in, pieces of one reply out, or where long ones go on
behind what we read of them. A reply of another kind than the request calls for makes
the one reply an error.
"""

from collections.abc import Callable, Sequence
from typing import Final

from twemproxy.wire import rule
from twemproxy.wire.redis import answers
from twemproxy.wire.redis.numbers import MAX_CURSOR_DIGITS, is_integer

ARRAYS: Final = (b"*", b"~")
NULLS: Final = (b"$-1\r\n", b"_\r\n", b"*-1\r\n")
HEAD_BYTES: Final = 64  # have room for a count, and for the cursor in a reply to SCAN
RUNNING_SCRIPT: Final = b"$14\r\nrunning_script\r\n"

Replies = Sequence[bytes]
Merge = Callable[[Replies], list[bytes]]


def is_error(reply: bytes) -> bool:
    """Tell whether a reply is an error of either protocol."""
    return reply[:1] in (b"-", b"!")


def header(reply: bytes) -> tuple[bytes, int, int]:
    """Return the type byte, the number of the first line, and where that line ends.

    What is no number of 64 bits, such as a status of a thousand digits, counts as 0.
    """
    line = reply.partition(b"\r\n")[0]
    digits = line[1:]
    number = int(digits) if is_integer(digits) else 0
    return reply[:1], number, len(line) + 2


def total(replies: Replies) -> list[bytes]:
    """Add integers up; a sum beyond 64 bits is none that a client could read."""
    heads = [header(reply) for reply in replies]
    number = sum(number for _, number, _ in heads)
    if any(kind != b":" for kind, _, _ in heads) or not is_integer(b"%d" % number):
        return [answers.UNEXPECTED]
    return [answers.integer(number)]


def joined(heads: Replies) -> tuple[bytes, list[int]]:
    """Put arrays one after the other, knowing `HEAD_BYTES` of each.

    Return the first line of them all, and where behind its own each goes on.
    """
    lines = [header(head) for head in heads]
    if any(kind not in ARRAYS or number < 0 for kind, number, _ in lines):
        return answers.UNEXPECTED, []
    count = sum(number for _, number, _ in lines)
    return b"%b%d\r\n" % (lines[0][0], count), [at for _, _, at in lines]


def status(replies: Replies) -> list[bytes]:
    """Let one status speak for all if each is one."""
    alike = all(reply[:1] == b"+" for reply in replies)
    return [replies[0] if alike else answers.UNEXPECTED]


def first(replies: Replies) -> list[bytes]:
    """Let the first speak for all."""
    return [replies[0]]


def not_null(replies: Replies) -> list[bytes]:
    """Take the first that is not null."""
    found = [reply for reply in replies if reply not in NULLS]
    return [found[0] if found else replies[0]]


def not_failed(replies: Replies) -> list[bytes]:
    """Take the first that is not an error."""
    found = [reply for reply in replies if not is_error(reply)]
    return [found[0] if found else replies[0]]


def running(replies: Replies) -> list[bytes]:
    """Take the first that tells of a script which runs at its server."""
    found = [reply for reply in replies if tells_of_script(reply)]
    return [found[0] if found else replies[0]]


def tells_of_script(reply: bytes) -> bool:
    """Tell whether an answer to FUNCTION STATS has more than null for the script."""
    _, name, value = reply.partition(RUNNING_SCRIPT)
    return bool(name) and not value.startswith(NULLS)


def smallest(replies: Replies) -> list[bytes]:
    """Take the smallest integer, in arrays place by place."""
    rows = [numbers(reply) for reply in replies]
    if any(row is None or len(row) != len(rows[0] or ()) for row in rows):
        return [answers.UNEXPECTED]
    columns = zip(*[row for row in rows if row is not None], strict=True)
    merged = [answers.integer(min(column)) for column in columns]
    if replies[0][:1] == b":":
        return merged
    return [b"*%d\r\n" % len(merged), *merged]


def numbers(reply: bytes) -> list[int] | None:
    """Return an integer, or all integers of an array; None when it is neither."""
    if reply[:1] == b":":
        return [header(reply)[1]]
    if reply[:1] != b"*":
        return None
    lines = reply.split(b"\r\n")[1:-1]
    if not all(line[:1] == b":" for line in lines):
        return None
    return [int(line[1:]) for line in lines]


def cursor_of(reply: bytes) -> tuple[int, int]:
    """Return the cursor in a reply to SCAN, and where the rest begins; -1 for none.

    The first `HEAD_BYTES` of it are enough.
    """
    if not reply.startswith(b"*2\r\n$"):
        return -1, 0
    _, length, at = header(reply[4:])
    digits = reply[4 + at : 4 + at + length]
    if not digits.isdigit() or len(digits) > MAX_CURSOR_DIGITS:
        return -1, 0
    return int(digits), 6 + at + length


MERGES: Final[dict[int, Merge]] = {
    rule.SUM: total,
    rule.RANDOM: not_null,
    rule.STATUS: status,
    rule.FIRST: first,
    rule.MINIMUM: smallest,
    rule.ONE_OK: not_failed,
    rule.RUNNING: running,
}
