"""How the text of one scalar becomes a value, and what to say when it does not."""

from typing import Final

from twemproxy.config.commands import FORM, parse_command
from twemproxy.config.model import CommandRule
from twemproxy.config.settings import MAX_NUMBER, Kind, Setting

_BOOLEANS: Final = {"true": True, "false": False}
_DIGITS: Final = frozenset("0123456789")
_PAIR_BYTES: Final = 2

LISTEN_FORM: Final = "'host:port' or '/path [permission]'"
SERVER_FORM: Final = "'host:port:weight [name]' or '/path:weight [name]'"


class Unfit(Exception):
    """A value that does not follow its grammar; the loader makes it a `Problem`.

    `suffix` ends the C program's ``conf: directive "K" …``, and `before` is a line
    that it logs first. It finds out `late` what it checks on whole pools only.
    """

    def __init__(
        self, suffix: str, expected: str, *, before: str = "", late: bool = False
    ) -> None:
        """Keep the C program's words and ours."""
        super().__init__(expected)
        self.suffix = suffix
        self.expected = expected
        self.before = before
        self.late = late


def parse_number(text: str) -> int:
    """Give the value of plain digits that fit 31 bits, or -1."""
    if not text or not _DIGITS.issuperset(text):
        return -1
    significant = text.lstrip("0")
    if len(significant) > len(str(MAX_NUMBER)):
        return -1
    value = int(significant or "0")
    return value if value <= MAX_NUMBER else -1


def parse_listed(
    setting: Setting, text: str
) -> tuple[str, ...] | tuple[CommandRule, ...]:
    """Read one item of a list of words or commands; raise `Unfit` if it is none."""
    if setting.kind is Kind.WORDS:
        words = text.lower().split()
        if any(word[0] == "@" and word not in setting.choices for word in words):
            raise Unfit(setting.suffix, expectation(setting))
        return tuple(words)
    command = parse_command(text) if text.split() else None
    if command is None:
        raise Unfit(setting.suffix, expectation(setting))
    return (command,)


def parse_value(setting: Setting, text: str) -> str | int | bool | bytes:
    """Read one scalar of a simple kind; raise `Unfit` if it does not fit."""
    if setting.kind is Kind.NUMBER:
        return _parse_limited(setting, text)
    if setting.kind is Kind.BOOLEAN and text in _BOOLEANS:
        return _BOOLEANS[text]
    if setting.kind is Kind.CHOICE and text in setting.choices:
        return text
    if setting.kind is Kind.PAIR and len(text.encode()) == _PAIR_BYTES:
        return text.encode()
    if setting.kind is Kind.TEXT:
        return text.encode()
    raise Unfit(setting.suffix, expectation(setting))


def _parse_limited(setting: Setting, text: str) -> int:
    value = parse_number(text)
    if value < 0:
        raise Unfit(setting.suffix, expectation(setting))
    if not setting.minimum <= value <= setting.maximum:
        raise Unfit(f"cannot be {value}", expectation(setting), late=True)
    return value


def expectation(setting: Setting) -> str:
    """Say what a value of this setting looks like."""
    if setting.kind is Kind.NUMBER:
        return f"a whole number from {setting.minimum} to {setting.maximum}"
    if setting.kind is Kind.CHOICE:
        return "one of " + ", ".join(setting.choices)
    if setting.kind is Kind.WORDS:
        return "names of commands, or kinds: " + ", ".join(setting.choices)
    return {
        Kind.LISTEN: LISTEN_FORM,
        Kind.BOOLEAN: "'true' or 'false'",
        Kind.PAIR: "exactly two bytes, in quotes",
        Kind.TEXT: "some text",
        Kind.SERVERS: SERVER_FORM,
        Kind.COMMANDS: FORM,
    }[setting.kind]
