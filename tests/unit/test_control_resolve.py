"""Resolving: one question per name, answers that age, failures that pass."""

import asyncio
import socket
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.models import pool
from twemproxy import log
from twemproxy.config.model import Config, Listen
from twemproxy.control import resolve
from twemproxy.control.reload import Reloader
from twemproxy.control.resolve import Answer, Resolver
from twemproxy.control.sockets import Listeners


class Names:
    """A resolver that counts its questions and fails when told to."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    def look_up(self, host: str) -> tuple[str, ...]:
        """Answer as the system's resolver does."""
        self.asked.append(host)
        if not self.addresses:
            raise OSError(-2, "Name or service not known")
        return self.addresses


def test_all_who_ask_at_once_share_one_question() -> None:
    names = Names("127.0.0.1", "::1")

    async def ask() -> list[Answer]:
        resolver = Resolver(names.look_up)
        return await asyncio.gather(*(resolver.resolve("h") for _ in range(5)))

    answers = asyncio.run(ask())
    assert {answer.addresses for answer in answers} == {("127.0.0.1", "::1")}
    assert names.asked == ["h"]


def test_an_answer_is_remembered_and_ages(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names("127.0.0.1")

    async def ask() -> tuple[Answer, int]:
        resolver = Resolver(names.look_up)
        await resolver.resolve("h")
        again = await resolver.resolve("h")
        asked = len(names.asked)
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 1e12)
        await resolver.resolve("h")
        return again, asked

    again, asked = asyncio.run(ask())
    assert asked == 1
    assert 0 < again.ttl_s <= resolve.TTL_S
    assert len(names.asked) == 2


def test_a_failure_is_an_empty_answer_for_a_short_time() -> None:
    async def ask() -> Answer:
        return await Resolver(Names().look_up).resolve("h")

    assert asyncio.run(ask()) == Answer((), resolve.FAILURE_TTL_S)


def test_the_log_says_why_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(log, "warn", lambda text, *words: said.append(text % words))

    async def ask() -> None:
        await Resolver(Names().look_up).resolve("h")

    asyncio.run(ask())
    expected = "address resolution of node 'h' failed: Name or service not known"
    assert said == [expected]


def test_an_impossible_name_has_no_addresses() -> None:
    async def ask() -> Answer:
        return await Resolver().resolve("a" * 70 + ".invalid")

    assert asyncio.run(ask()).addresses == ()


def test_without_a_thread_a_name_has_no_addresses_for_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = Names("127.0.0.1")

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def ask() -> tuple[Answer, Answer]:
        resolver = Resolver(names.look_up)
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", refuse)
            failed = await resolver.resolve("h")
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 1e12)
        return failed, await resolver.resolve("h")

    failed, found = asyncio.run(ask())
    assert failed.addresses == ()
    assert found.addresses == ("127.0.0.1",)


def test_names_that_hang_delay_no_other() -> None:
    hanging = threading.Event()

    def look_up(host: str) -> tuple[str, ...]:
        if host != "h":
            hanging.wait()
        return ("127.0.0.1",)

    async def ask() -> Answer:
        resolver = Resolver(look_up)
        stuck = [resolver.resolve(f"stuck{i}") for i in range(100)]
        await asyncio.sleep(0)
        try:
            return await asyncio.wait_for(resolver.resolve("h"), 10)
        finally:
            hanging.set()
            await asyncio.gather(*stuck)

    assert asyncio.run(ask()).addresses == ("127.0.0.1",)


def test_an_address_keeps_the_interface_that_it_is_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = [("fe80::1", 0, 0, 2), ("::1", 0, 0, 0), ("10.0.0.1", 0)]
    found = [(0, 0, 0, "", place) for place in places]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert resolve.look_up("h") == ("fe80::1%2", "::1", "10.0.0.1")


def test_a_reload_holds_nobody_up_while_it_looks_for_where_to_listen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asking: list[threading.Thread] = []

    def ask(*_: object, **__: object) -> list[tuple[object, ...]]:
        asking.append(threading.current_thread())
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    async def switch(_: object) -> str:
        return "enough"

    listen = Listen("name.test:1", "name.test", 1, "", 0)
    config = Config((pool("alpha", "s1")._replace(listen=listen),))
    blocks: Any = SimpleNamespace(assign=lambda *_: ())
    setup: Any = SimpleNamespace(generation=1, blocks=(), _replace=lambda **_: None)
    workers: Any = SimpleNamespace(switch=switch)
    monkeypatch.setattr(socket, "getaddrinfo", ask)
    reloader = Reloader(lambda: config, Listeners(), blocks, [], setup)
    assert asyncio.run(reloader.reload(workers)) == "enough; enough"
    assert asking
    assert threading.main_thread() not in asking
