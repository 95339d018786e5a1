"""The keys `deny_commands` and `commands` of a pool."""

import pytest

from twemproxy.config.commands import parse_command
from twemproxy.config.load import parse
from twemproxy.config.model import CommandRule, PoolConfig
from twemproxy.config.problems import ConfigFileError
from twemproxy.config.settings import KINDS_OF_COMMANDS
from twemproxy.wire.redis.commands import CATEGORIES

POOL = """\
alpha:
  listen: 127.0.0.1:22121
  redis: true
  {}
  servers:
   - 127.0.0.1:6379:1
"""


def pool(lines: str) -> PoolConfig:
    """A pool with some more lines."""
    return parse(POOL.format(lines).encode(), "test.yml").pools[0]


@pytest.mark.parametrize(
    ("lines", "denied"),
    [
        ("backlog: 1", ("migrate",)),
        ("deny_commands: []", ()),
        ("deny_commands: FLUSHALL config|get", ("flushall", "config|get")),
        ('deny_commands: [keys, "flushdb flushall"]', ("keys", "flushdb", "flushall")),
        ("deny_commands:\n   - keys\n   - '@write'", ("keys", "@write")),
    ],
)
def test_denied_commands_are_words_or_a_list(
    lines: str, denied: tuple[str, ...]
) -> None:
    assert pool(lines).deny_commands == denied


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("X.GET key", CommandRule("x.get", "key", -2, 1, 1, 1, 0, "", False)),
        ("x key=2 read", None),
        ("x key key=2 read", CommandRule("x", "key", -3, 2, 2, 1, 0, "", True)),
        (
            "x keys keys=1:-1:2 arity=-3",
            CommandRule("x", "keys", -3, 1, -1, 2, 0, "", False),
        ),
        ("x keys numkeys=1", CommandRule("x", "keys", -2, 0, 0, 1, 1, "", False)),
        ("x any arity=1", CommandRule("x", "any", 1, 0, 0, 1, 0, "", False)),
        ("x all merge=sum", CommandRule("x", "all", -1, 0, 0, 1, 0, "sum", False)),
        ("x", None),
        ("x keys", None),
        ("x key arity=0", None),
        ("x key arity=1", None),
        ("x key key=5 arity=5", None),
        ("x key key=5 arity=-2", None),
        ("x key key=5 arity=-6", CommandRule("x", "key", -6, 5, 5, 1, 0, "", False)),
        ("x key read=1", None),
        ("x keys keys=1:2", None),
        ("x keys keys=a:b:c", None),
        ("x key key=99999", None),
        ("x all merge=best", None),
        ("x key color=red", None),
    ],
)
def test_a_line_describes_a_command(line: str, row: CommandRule | None) -> None:
    assert parse_command(line) == row


@pytest.mark.parametrize(
    "lines",
    [
        "commands: [x]",
        "commands: x key key=0",
        "deny_commands: [[x]]",
        "deny_commands: x\n  deny_commands: y",
        'deny_commands: [""]',
    ],
)
def test_what_does_not_follow_the_form_is_reported(lines: str) -> None:
    with pytest.raises(ConfigFileError):
        pool(lines)


def test_a_kind_of_commands_that_there_is_not_is_a_mistake() -> None:
    with pytest.raises(ConfigFileError) as told:
        pool("deny_commands: flushall @dangerus")
    (line,) = told.value.report()
    assert line.endswith("@scripting, @write (did you mean '@dangerous'?)")


def test_the_kinds_of_commands_are_those_of_the_table() -> None:
    assert sorted(name.decode() for name in CATEGORIES) == list(KINDS_OF_COMMANDS)


def test_two_lines_for_one_command_are_a_mistake_at_the_second() -> None:
    text = POOL.format("commands:\n   - x key\n   - y any\n   - X keys keys=1:1:1")
    with pytest.raises(ConfigFileError) as told:
        parse(text.encode(), "test.yml")
    (line,) = told.value.report()
    assert line.startswith("test.yml:7: alpha.commands: found 'x' again, the first is")
    assert "pool 'alpha' has two lines for command 'x'" in told.value.log_lines[0]
