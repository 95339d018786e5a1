"""Every recorded session, byte for byte, or as `deviations` says."""

from contextlib import closing

import pytest

from tests.parity.deviations import replies
from tests.parity.recording import Session, sessions
from tests.parity.replay import Player, Stage

REDIS = sessions("wire-redis.json")
MEMCACHE = sessions("wire-memcache.json")


def play(session: Session, stage: Stage) -> None:
    """Play the session and compare every answer."""
    with (
        stage.proxy(session) as proxy,
        closing(Player(proxy, session)) as player,
    ):
        wrong = player.play(replies(session))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("session", REDIS, ids=lambda session: session.name)
def test_redis_clients_get_the_recorded_bytes(session: Session, stage: Stage) -> None:
    play(session, stage)


@pytest.mark.parametrize("session", MEMCACHE, ids=lambda session: session.name)
def test_memcache_clients_get_the_recorded_bytes(
    session: Session, stage: Stage
) -> None:
    play(session, stage)
