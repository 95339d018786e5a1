"""Pages of the manual that are made from tables."""

from docs.generate import outdated


def test_generated_pages_say_what_the_tables_say() -> None:
    assert outdated() == []
