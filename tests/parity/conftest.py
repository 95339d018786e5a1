"""The stage on which recorded sessions are played."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.parity.replay import Stage
from tests.support.fleet import Fleet


@pytest.fixture(scope="session")
def stage(fleet: Fleet) -> Iterator[Stage]:
    """One stage for all sessions of a run, so that proxies can be kept."""
    with closing(Stage(fleet)) as stage:
        yield stage
