"""The small benchmarks measure what they say."""

import pytest

from bench.micro.parsers import AT_ONCE, CASES, Case, walk


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_message_is_found_whole(case: Case) -> None:
    assert walk(case)() == AT_ONCE
