"""The command line of the operator's commands: errors, texts and tables alike.

Status 1 is a mistake or a proxy that does not answer; what else there is, a command
says itself. Output goes to stdout, complaints to stderr.
"""

import argparse
import contextlib
import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final, NoReturn

FAILED: Final = 1


class Words(argparse.ArgumentParser):
    """A parser whose mistakes end with the status of all our mistakes."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and how it is right, and end."""
        self.print_usage(sys.stderr)
        self.exit(FAILED, f"{self.prog}: {message}\n")


def words(command: str, purpose: str, *, as_json: bool = True) -> Words:
    """Begin the command line of `nutcracker COMMAND`."""
    parser = Words(f"nutcracker {command}", description=purpose, allow_abbrev=False)
    if as_json:
        parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def natural(text: str) -> int:
    """Read a whole number from 1 of the command line."""
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(
            f"found '{text}', expected a whole number from 1"
        )
    return int(text)


def complain(text: str) -> int:
    """Say why a command failed; its exit status."""
    if sys.stderr is not None:  # else it was started closed
        with contextlib.suppress(OSError):  # a full disk
            sys.stderr.write(f"nutcracker: {text}\n")
    return FAILED


def show(text: str) -> None:
    """Print; a reader that has seen enough is no mistake, a full disk is one."""
    out = sys.stdout
    if out is None:  # it was started closed
        raise SystemExit(complain("cannot print: stdout is closed"))
    encoding = out.encoding or "utf-8"
    try:
        out.write(text.encode(encoding, "backslashreplace").decode(encoding))
        out.flush()
    except OSError as failure:
        # What the interpreter flushes at its end must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if not isinstance(failure, BrokenPipeError):
            raise SystemExit(complain(f"cannot print: {failure.strerror}")) from failure


def show_json(value: object) -> None:
    """Print one JSON document."""
    show(json.dumps(value, indent=2) + "\n")


def table(rows: Iterable[Sequence[str]], indent: int = 0, right: int = -1) -> str:
    """Align columns; those from `right` on are numbers and stand to the right."""
    lines = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(columns, column)) for column in zip(*lines, strict=True)]
    first_number = len(widths) if right < 0 else right
    return "".join(
        " " * indent
        + "  ".join(
            padded(cell, width, right=i >= first_number)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        + "\n"
        for line in lines
    )


def columns(text: str) -> int:
    """Tell how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):  # it stands on the one before
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def padded(text: str, width: int, *, right: bool) -> str:
    """Fill a cell up to so many columns; numbers stand to the right."""
    room = " " * (width - columns(text))
    return room + text if right else text + room


def printable(text: str) -> str:
    """Keep a terminal from being told what to do by a key or a name."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in text
    )
