"""Every recorded piece of traffic counts as it did in the C program."""

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Final

import pytest

from tests.parity.deviations import counters
from tests.parity.recording import Raw, Session, sessions
from tests.parity.replay import Player, Stage, unheeded
from tests.support.canned import CannedServer
from tests.support.proxy import Proxy, pool
from tests.support.waiting import wait_until
from tests.support.wire import resp

SESSIONS = sessions("stats.json")
# Sizes of MSET's values, the bytes of its request that the C program counts.
COUNTED: Final = (
    ((), (200, 300), 752),
    ((), (20000, 30000, 5), 54801),
    ((), (20000, 30000, 50000, 1), 106863),
    (("-m", "512"), (2000, 300, 700, 1), 3549),
    # A length or a key that does not fit into the rest of a block begins another one.
    (("-m", "512"), (430, 700, 30, 1), 1954),
    (("-m", "512"), (433, 700, 30, 1), 1523),
    ((), (16302, 20000, 3, 1), 56379),
)
PATIENCE_S = 1.5  # less than a client that we close is heard out


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


@pytest.mark.parametrize(("arguments", "sizes", "counted"), COUNTED)
def test_the_bytes_of_mset_count_as_in_the_c_program(
    canned: Callable[..., CannedServer],
    arguments: tuple[str, ...],
    sizes: tuple[int, ...],
    counted: int,
) -> None:
    words = [(name, "v" * size) for name, size in zip("abcd", sizes, strict=False)]
    with Proxy(pool([canned()]), *arguments) as proxy, proxy.connect() as wire:
        wire.send(resp("mset", *(word for pair in words for word in pair)))
        wait_until(
            lambda: proxy.server_stats("server1")["request_bytes"] == counted,
            f"{counted} bytes",
        )
