"""The crowd notices replies that do not belong: the consistency test can fail."""

import asyncio
import random
from contextlib import suppress

import pytest

from tests.support.crowd import Ask, Client, Got
from tests.support.dialects import DIALECTS, REDIS, Dialect

KEY = b"c1.1.0"


def seen(asks_and_replies: list[tuple[Ask, Got]], *, lossy: bool = False) -> list[str]:
    """What a client complains about after these exchanges."""
    client = Client(1, REDIS, 0, random.Random(1), lossy=lossy)
    for ask, got in asks_and_replies:
        client.check(ask, got)
    return client.wrong


@pytest.mark.parametrize("lossy", [False, True])
def test_the_value_of_another_key_is_noticed(lossy: bool) -> None:
    other = Got(values=(b"c1.1.1=1;xxx",))
    assert seen([(Ask("get", (KEY,)), other)], lossy=lossy)


def test_an_old_value_is_noticed() -> None:
    writes = [(Ask("set", (KEY,), b"%s=%d;" % (KEY, i)), Got()) for i in (1, 2)]
    read = Ask("get", (KEY,))
    assert seen([*writes, (read, Got(values=(b"%s=1;" % KEY,)))])
    assert not seen([*writes, (read, Got(values=(b"%s=2;" % KEY,)))])


def test_an_error_is_noticed_unless_servers_fail() -> None:
    exchange = (Ask("get", (KEY,)), Got(error=b"-ERR Connection refused\r\n"))
    assert seen([exchange])
    assert not seen([exchange], lossy=True)


@pytest.mark.parametrize("dialect", DIALECTS, ids=["redis", "memcache"])
def test_a_liar_of_a_server_is_noticed(dialect: Dialect) -> None:
    async def main() -> list[str]:
        over = asyncio.Event()

        async def lie(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            with suppress(OSError):
                while await reader.read(65536):
                    writer.write(dialect.found(b"x", b"of somebody else"))
            writer.transport.abort()
            over.set()

        server = await asyncio.start_server(lie, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = Client(1, dialect, port, random.Random(1))
        async with server, asyncio.timeout(10):
            await client.run(asyncio.Event())
            await over.wait()
        return client.wrong

    assert asyncio.run(main())
