"""No reply that does not belong to its request, whoever hangs up in between.

CONSISTENCY_SECONDS makes the crowd talk longer than the few seconds of CI.
"""

import asyncio
import os
import random
from collections.abc import Callable
from typing import Final

import pytest

from tests.support.crowd import Client
from tests.support.dialects import DIALECTS, Dialect
from tests.support.fleet import Fleet
from tests.support.proxy import Proxy, pool

SECONDS: Final = float(os.environ.get("CONSISTENCY_SECONDS", "3"))
CLIENTS: Final = 30


async def talk(clients: list[Client], seconds: float) -> None:
    """Let all of them talk for that long."""
    ended = asyncio.Event()
    tasks = [asyncio.create_task(client.run(ended)) for client in clients]
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    ended.set()
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("dialect", DIALECTS, ids=["redis", "memcache"])
def test_every_reply_belongs_to_its_request(
    dialect: Dialect, connections: int, fleet: Fleet, proxy: Callable[[str], Proxy]
) -> None:
    backends = fleet.speaking(dialect, 3)
    running = proxy(pool(backends, redis=dialect.redis, server_connections=connections))
    clients = [
        Client(number, dialect, running.port, random.Random(number))
        for number in range(CLIENTS)
    ]
    asyncio.run(talk(clients, SECONDS))
    assert [line for client in clients for line in client.wrong] == []
    assert sum(client.replies for client in clients) > CLIENTS
    assert sum(client.hang_ups for client in clients) > 0
