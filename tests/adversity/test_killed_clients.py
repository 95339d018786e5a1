"""A thousand clients are killed in the middle of a pipeline, under load."""

import contextlib
import random
import threading
from collections.abc import Callable
from typing import Final

from tests.adversity.conftest import Scene
from tests.support.dialects import Dialect
from tests.support.proxy import foreign
from tests.support.waiting import wait_until

Build = Callable[..., Scene]
KILLED: Final = 1000
GOOD: Final = 2
VALUE: Final = b"x" * 2000


def pipeline(dialect: Dialect, key: bytes) -> bytes:
    """Encode what a victim sends a part of."""
    keys = [key, key + b"a", key + b"b", key + b"c"]
    once = dialect.set(key, VALUE) + dialect.get(key) + dialect.many(keys)
    return once * 10


def talk(stage: Scene, number: int, ended: threading.Event, wrong: list[bytes]) -> None:
    """Read back what one has written, over and over; note what is not right."""
    key = b"good%d" % number
    turn = 0
    with stage.proxy.connect() as wire:
        while not ended.is_set() and not wrong:
            turn += 1
            value = b"%d.%d" % (number, turn)
            asked = stage.dialect.set(key, value) + stage.dialect.get(key) * 5
            right = stage.dialect.stored() + stage.dialect.found(key, value) * 5
            wire.send(asked)
            got = wire.read_exactly(len(right))
            if got != right:
                wrong.append(got)


def test_a_client_killed_in_the_middle_of_a_pipeline_a_thousand_times_under_load(
    direct: Build,
) -> None:
    stage = direct()
    chance = random.Random(1)
    ended = threading.Event()
    wrong: list[bytes] = []
    load = [
        threading.Thread(target=talk, args=(stage, number, ended, wrong))
        for number in range(GOOD)
    ]
    for thread in load:
        thread.start()
    try:
        for number in range(KILLED):
            with contextlib.closing(stage.proxy.connect()) as victim:
                whole = pipeline(stage.dialect, b"victim%d" % number)
                victim.send(whole[: chance.randrange(len(whole))])
                victim.reset()
    finally:
        ended.set()
        for thread in load:
            thread.join()
    assert wrong == []
    wait_until(lambda: is_at_rest(stage), "every queue to be empty")
    if not foreign():
        numbers = stage.proxy.pool_stats()
        endings = ("client_responses", "client_errors", "abandoned")
        assert numbers["client_requests"] == sum(numbers[name] for name in endings)


def is_at_rest(stage: Scene) -> bool:
    """Nobody is there and nothing is under way."""
    queued = 0
    for name in ("server1", "server2"):
        server = stage.proxy.server_stats(name)
        queued += server["in_queue"] + server["out_queue"]
    return not queued and not stage.proxy.pool_stats()["client_connections"]
