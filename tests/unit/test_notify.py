"""How often the service manager wants a sign of life."""

import pytest

from twemproxy.control.notify import watchdog_s


@pytest.mark.parametrize(
    ("asked", "owed_s"), [("4000000", 2.0), ("0", 0.0), ("-5", 0.0), ("soon", 0.0)]
)
def test_signs_of_life_are_owed_only_where_a_time_is_given(
    monkeypatch: pytest.MonkeyPatch, asked: str, owed_s: float
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", asked)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    assert watchdog_s() == owed_s
