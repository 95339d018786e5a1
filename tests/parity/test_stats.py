"""Every recorded piece of traffic counts as it did in the C program."""

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Final

import pytest

from tests.parity.deviations import counters
from tests.parity.recording import Raw, Session, sessions
from tests.parity.replay import Player, Stage, unheeded
from tests.support.canned import CannedServer, Line
from tests.support.ports import Reservation
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


def test_the_bytes_of_mset_count_so_for_each_server(
    canned: Callable[..., CannedServer],
) -> None:
    words = [word for i in range(12) for word in (f"key{i}", "v" * 100 * i)]
    backends = [canned() for _ in range(3)]
    with Proxy(pool(backends), "-m", "512") as proxy, proxy.connect() as wire:
        wire.send(resp("mset", *words))

        def counted() -> list[object]:
            names = ("server1", "server2", "server3")
            return [proxy.server_stats(name)["request_bytes"] for name in names]

        wait_until(lambda: counted() == [6312, 0, 2299], "what C counts")


def test_an_error_counts_when_its_turn_comes(
    canned: Callable[..., CannedServer],
) -> None:
    server = canned([Line(until=b"c\r\n", send=b"+1\r\n+3\r\n")])
    with (
        Reservation() as refusing,
        Proxy(pool([server, refusing], distribution="modula")) as proxy,
        proxy.connect() as wire,
    ):
        wire.send(resp("get", "a") + resp("get", "b"))  # the latter is on server2
        wait_until(lambda: proxy.server_stats("server2")["server_err"], "the refusal")
        assert proxy.pool_stats()["forward_error"] == 0
        wire.ask(resp("get", "c"), b"+1\r\n-ERR Connection refused\r\n+3\r\n")
        wait_until(lambda: proxy.pool_stats()["forward_error"] == 1, "the count")


def test_an_error_that_nobody_waits_for_is_not_counted(
    canned: Callable[..., CannedServer],
) -> None:
    with (
        Reservation() as refusing,
        Proxy(pool([canned(), refusing], distribution="modula")) as proxy,
    ):
        with proxy.connect() as wire:
            wire.send(resp("get", "a") + resp("get", "b"))
            wait_until(
                lambda: proxy.server_stats("server2")["server_err"], "the refusal"
            )
            wire.reset()
        wait_until(lambda: proxy.pool_stats()["client_err"] == 1, "the reset")
        assert proxy.pool_stats()["forward_error"] == 0
