"""Real servers for the tests of tables."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support.real import NamedServer, programs


@pytest.fixture(scope="session", params=programs(), ids=lambda path: path[-30:])
def server(request: pytest.FixtureRequest) -> Iterator[NamedServer]:
    """Each Redis-like server of this machine in turn."""
    with closing(NamedServer(request.param)) as running:
        running.start()
        yield running
