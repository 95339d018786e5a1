"""Pages of the manual that are made from tables."""

from docs.commands_page import page
from docs.generate import outdated


def test_generated_pages_say_what_the_tables_say() -> None:
    assert outdated() == []


def test_a_command_that_is_denied_by_default_is_not_promised() -> None:
    (row,) = (line for line in page().splitlines() if line.startswith("| `MIGRATE`"))
    assert "deny_commands" in row
