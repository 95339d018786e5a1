"""The table of deviations says nothing about sessions that do not exist."""

import pytest

from tests.parity import memcache_deviations, redis_deviations
from tests.parity.reasons import Row
from tests.parity.recording import Session, sessions

REDIS = sessions("wire-redis.json")
MEMCACHE = sessions("wire-memcache.json")
TABLES = [
    *((row, REDIS) for row in redis_deviations.ROWS),
    *((row, MEMCACHE) for row in memcache_deviations.ROWS),
]


@pytest.mark.parametrize(("row", "recorded"), TABLES)
def test_every_deviation_changes_steps_that_were_recorded(
    row: Row, recorded: list[Session]
) -> None:
    covered = [session for session in recorded if row.covers(session)]
    assert len(covered) >= len(row.names)
    for session in covered:
        assert set(row.changes(session)) <= set(range(len(session.steps)))
