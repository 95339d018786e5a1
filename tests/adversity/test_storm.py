"""200 clients of both protocols while their servers are killed and restarted.

STORM_SECONDS makes it long; `make soak` does. At the end nothing may be left over:
no client, no queue, no descriptor, and every request has had exactly one ending.
"""

import asyncio
import os
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tests.support.backends import RealServer
from tests.support.crowd import Client
from tests.support.dialects import DIALECTS
from tests.support.fleet import Fleet
from tests.support.processes import descriptors
from tests.support.proxy import Proxy, foreign, pool
from tests.support.waiting import wait_until

SECONDS: Final = float(os.environ.get("STORM_SECONDS", "4"))
CLIENTS: Final = 200
SERVERS: Final = 3
CALM_S: Final = 0.3


async def torment(servers: Sequence[RealServer], ended: asyncio.Event) -> None:
    """Kill, restart or freeze one server after another."""
    chance = random.Random(1)
    while not ended.is_set():
        server = chance.choice(servers)
        if chance.random() < 0.3:
            server.freeze()
            await asyncio.sleep(CALM_S)  # the freeze itself
            server.thaw()
        else:
            await asyncio.to_thread(server.restart)
        await asyncio.sleep(CALM_S)  # the calm between two blows


async def storm(clients: Sequence[Client], servers: Sequence[RealServer]) -> None:
    """Let the crowd talk in the storm."""
    ended = asyncio.Event()
    talk = [asyncio.create_task(client.run(ended)) for client in clients]
    weather = asyncio.create_task(torment(servers, ended))
    await asyncio.wait(talk, timeout=SECONDS)
    ended.set()
    await weather
    await asyncio.gather(*talk)


def leftovers(name: str, running: Proxy) -> list[str]:
    """Name what of a pool is not at rest."""
    numbers: Mapping[str, int] = running.pool_stats(name)
    found = []
    if numbers["client_connections"]:
        found.append(f"{name}: {numbers['client_connections']} clients")
    for number in range(1, SERVERS + 1):
        server = running.server_stats(f"server{number}", name)
        queued = server["in_queue"] + server["out_queue"]
        queued_bytes = server["in_queue_bytes"] + server["out_queue_bytes"]
        if queued or queued_bytes:
            found.append(f"{name}: {queued} requests, {queued_bytes} bytes queued")
    return found


def assert_every_request_ended_once(name: str, running: Proxy) -> None:
    """Check that the counters of a pool add up."""
    numbers = running.pool_stats(name)
    endings = ("client_responses", "client_errors", "abandoned")
    total = sum(numbers[ending] for ending in endings)
    assert numbers["client_requests"] == total, numbers


def test_a_storm_mixes_up_no_reply_and_leaves_nothing_behind(
    fleet: Fleet, proxy: Callable[[str], Proxy]
) -> None:
    redis, memcached = fleet.redis(SERVERS), fleet.memcached(SERVERS)
    alpha = pool(redis, "alpha", listen="@LISTEN0@", timeout=2000)
    beta = pool(memcached, "beta", listen="@LISTEN1@", timeout=2000, redis=False)
    running = proxy(alpha + beta)
    before = descriptors(running.pid)
    clients = [
        Client(i, DIALECTS[i % 2], running.port_of(i % 2), random.Random(i), lossy=True)
        for i in range(CLIENTS)
    ]
    asyncio.run(storm(clients, [*redis, *memcached]))
    assert [line for client in clients for line in client.wrong] == []
    assert sum(client.replies for client in clients) > CLIENTS
    wait_until(
        lambda: not leftovers("alpha", running) + leftovers("beta", running),
        "both pools to be at rest",
    )
    if not foreign():
        assert_every_request_ended_once("alpha", running)
        assert_every_request_ended_once("beta", running)
    wait_until(
        lambda: descriptors(running.pid) <= before + 2 * SERVERS,
        f"{before} descriptors and the connections to the servers",
    )
