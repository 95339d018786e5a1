"""Where the reply to a script ends, whatever its error holds. Cold.

    FUNCTION LOAD ...    -ERR near "x CR LF
    <number>             +FORGED": ... CR LF
                         -ERR unknown command '<number>' ... CR LF

Servers repeat words of a script in an error line, line ends and all. So a fence goes
behind it, the name of a command that there is not: every server repeats that, also
one that is busy or loading. It is a number that nobody can guess, so all before its
line is the one reply. A server that answers without it loses its connection.
"""

from typing import Final

from twemproxy.wire.redis import answers

ERROR: Final = 45  # -
LF: Final = 10
CHUNK: Final = 65536


def fence(number: int) -> bytes:
    """Return the request that goes behind a script."""
    return answers.request([b"%d" % number])


def fence_at(buf: bytearray, start: int, end: int, number: int) -> tuple[int, int]:
    """Return where the line with the number begins and ends, -1 if it is not there."""
    at = buf.find(b"%d" % number, start, end)
    stop = buf.find(b"\r\n", at, end) if at >= 0 else -1
    return (-1, -1) if stop < 0 else (buf.rfind(b"\n", 0, at) + 1, stop + 2)


def is_missing(buf: bytearray, start: int, end: int) -> bool:
    """Tell that the answer to the fence seems to have come without the number.

    It is an error behind the reply. Other lines may be of an error that has line ends
    in it: servers send it by itself where the script is a long one.
    """
    if buf[end - 1] != LF:  # of a long line more comes
        return False
    last = buf.rfind(b"\n", start, end - 1) + 1
    return last > start and buf[last] == ERROR


def make_one_line(buf: bytearray, start: int, end: int) -> None:
    """Make an error, which may be several lines to us, the line it was meant."""
    stop = end - 2
    for at in range(start, stop, CHUNK):  # a copy of all may be too much
        upto = min(at + CHUNK, stop)
        buf[at:upto] = buf[at:upto].translate(answers.TO_BLANKS)
