"""What is asked of a running proxy, and what must not wait for it."""

import asyncio
import threading

from twemproxy.control.admin import Admin
from twemproxy.control.http import Request, Response
from twemproxy.stats.snapshot import Snapshot

METRICS = Request("GET", "/metrics", {"accept": "text"}, local=True)


class LongPage:
    """Writes a page of thousands of servers."""

    def __init__(self) -> None:
        """Write until `over`."""
        self.over = threading.Event()
        self.begun = 0

    def page(self, _: Snapshot, accept: str) -> tuple[bytes, str]:
        """Write it."""
        self.begun += 1
        self.over.wait(10)
        return b"page", accept


def test_a_long_page_keeps_nobody_else_waiting() -> None:
    async def ask() -> tuple[Response, Response]:
        admin = Admin(lambda: b"{}")
        admin.exporter = written = LongPage()
        page = asyncio.create_task(admin.answer(METRICS))
        await asyncio.sleep(0)
        health = await admin.answer(Request("GET", "/healthz", {}, local=False))
        written.over.set()
        return health, await page

    health, page = asyncio.run(ask())
    assert health == Response(200, b"ok\n")
    assert page == Response(200, b"page", "text")


def test_who_goes_during_its_long_page_lets_nobody_write_another_beside_it() -> None:
    async def ask() -> tuple[int, Response]:
        admin = Admin(lambda: b"{}")
        admin.exporter = written = LongPage()
        for _ in range(5):
            gone = asyncio.create_task(admin.answer(METRICS))
            await asyncio.sleep(0.01)
            gone.cancel()
        last = asyncio.create_task(admin.answer(METRICS))
        await asyncio.sleep(0.05)
        begun = written.begun
        written.over.set()
        return begun, await last

    assert asyncio.run(ask()) == (1, Response(200, b"page", "text"))
