"""Every recorded piece of traffic counts as it did in the C program."""

from collections.abc import Mapping
from contextlib import closing

import pytest

from tests.parity.deviations import counters
from tests.parity.recording import Raw, Session, sessions
from tests.parity.replay import Player, Stage, unheeded
from tests.support.proxy import Proxy
from tests.support.waiting import wait_until

SESSIONS = sessions("stats.json")
PATIENCE_S = 3.0


def differences(shown: Mapping[str, Raw], expected: Mapping[str, Raw]) -> list[str]:
    """A line for each expected counter that is missing or different."""
    found: list[str] = []
    for key, value in expected.items():
        if isinstance(value, Mapping):
            found += [f"{key}.{row}" for row in differences(shown.get(key, {}), value)]
        elif isinstance(value, str):  # "nonzero …"
            found += [] if shown.get(key) else [f"{key}: 0, expected {value}"]
        elif shown.get(key) != value:
            found.append(f"{key}: {shown.get(key)}, expected {value}")
    return found


def wait_for_counters(proxy: Proxy, expected: Mapping[str, Raw]) -> None:
    """Wait until the document shows them; name the differences when it never does."""

    def differing() -> list[str]:
        document = proxy.stats()
        return differences(document, expected["top"]) + differences(
            document, expected["pools"]
        )

    try:
        wait_until(lambda: not differing(), "the counters", PATIENCE_S)
    except TimeoutError:
        assert differing() == []


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session.name)
def test_traffic_counts_as_recorded(session: Session, stage: Stage) -> None:
    with (
        stage.proxy(session, fresh=True) as proxy,
        closing(Player(proxy, session)) as player,
    ):
        player.play(unheeded(session))
        wait_for_counters(proxy, counters(session))
