"""Resolving: one question per name, answers that age, failures that pass."""

import asyncio
import threading

import pytest

from twemproxy import log
from twemproxy.control import resolve
from twemproxy.control.resolve import Answer, Resolver


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
