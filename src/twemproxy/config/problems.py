"""What is wrong with a configuration file, said twice.

A `Problem` knows where it is, what was found and what was expected, which is what
a person wants to read; and it knows the lines the C program logs for it, which is
what existing monitoring looks for. `ConfigFileError` carries all of them, in the
order in which the C program would have met them.
"""

import enum
from collections.abc import Iterable
from typing import Final, NamedTuple

from twemproxy.errors import ConfigError

# A file of rubbish has one mistake a line; nobody reads more than this.
MAX_REPORTED: Final = 50
MAX_SHOWN: Final = 80  # characters of a value


def show(text: str) -> str:
    """Quote what was found, short and on one line whatever it holds."""
    if not text:
        return "nothing"
    if len(text) <= MAX_SHOWN:
        return repr(text)
    return f"{text[:MAX_SHOWN]!r}…"


class Phase(enum.IntEnum):
    """The C program's passes over a file; an earlier pass finds its fault first."""

    OPEN = 0
    SYNTAX = 1
    DOCUMENTS = 2
    TOKENS = 3
    STRUCTURE = 4
    KEYS = 5
    POOLS = 6
    LISTEN = 7
    NAMES = 8


class Problem(NamedTuple):
    """One mistake: its place, what stands there, what should stand there."""

    phase: Phase
    line: int  # 0: the file as a whole
    where: str  # ``pool.key``, or empty
    found: str
    expected: str
    reasons: tuple[str, ...] = ()  # what the C program logs; it may log nothing
    hint: str = ""

    def text(self, file: str) -> str:
        """Format the line that an operator reads."""
        place = f"{file}:{self.line}: " if self.line else f"{file}: "
        where = self.where if self.where.isprintable() else show(self.where)
        where = f"{where}: " if where else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{where}found {self.found}, expected {self.expected}{hint}"


class ConfigFileError(ConfigError):
    """The file cannot be used: show every problem, keep what was in force."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        """Put the problems of one file into the C program's order."""
        self.file = file
        self.problems = sorted(problems, key=lambda problem: problem.phase)
        super().__init__("\n".join(self.report()))

    @property
    def readable(self) -> bool:
        """Tell a file with mistakes from one that could not be opened."""
        return self.problems[0].phase is not Phase.OPEN

    @property
    def log_lines(self) -> tuple[str, ...]:
        """What the C program logs before it gives up, which is the first problem."""
        return self.problems[0].reasons

    def report(self) -> list[str]:
        """One line per problem, at most `MAX_REPORTED` of them."""
        lines = [problem.text(self.file) for problem in self.problems[:MAX_REPORTED]]
        left = len(self.problems) - len(lines)
        if left:
            lines.append(f"{self.file}: and {left} more")
        return lines
