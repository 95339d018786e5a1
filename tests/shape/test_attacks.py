"""Every attack of the manual's table has the tests that the table names."""

import pytest

from docs.attacks import ATTACKS, Attack
from docs.grammar import REDIS
from tests.shape.source import ROOT

ADVERSITY = ROOT / "tests" / "adversity"
TITLES = {case.title for case in REDIS}


@pytest.mark.parametrize(
    "attack", ATTACKS, ids=lambda attack: f"{attack.title}, {attack.protocol}"
)
def test_an_attack_has_its_tests(attack: Attack) -> None:
    assert attack.tests
    for test in attack.tests:
        file, _, function = test.partition("::")
        assert f"def {function}(" in (ADVERSITY / file).read_text(), test
    assert set(attack.cases) <= TITLES
