"""Every recorded key goes to the server that the C program chose."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Final

import pytest

from tests.parity.recording import load, to_bytes
from tests.parity.signposts import Address, Signposts, fixed_addresses
from tests.support.ports import LOOPBACK, Reservation
from tests.support.proxy import Proxy
from tests.support.waiting import wait_until
from tests.support.wire import Wire, resp

RETRY_MS: Final = 600_000


@dataclass(frozen=True, slots=True)
class Case:
    """A pool, its keys, and the index of the server of each key."""

    name: str
    settings: tuple[tuple[str, str], ...]
    servers: tuple[str, ...]
    ejected: tuple[str, ...]
    keys: tuple[bytes, ...]
    expect: tuple[int, ...] | None


def cases() -> list[Case]:
    """All recorded cases."""
    rows = load("routing.json")["cases"]
    named = ("distribution", "hash", "hash_tag")
    return [
        Case(
            name=row["name"],
            settings=tuple((key, row[key]) for key in named if row.get(key)),
            servers=tuple(row["servers"]),
            ejected=tuple(row.get("ejected") or ()),
            keys=tuple(to_bytes(key) for key in row["keys"]),
            expect=None if row["expect"] is None else tuple(row["expect"]),
        )
        for row in rows
    ]


def address_of(server: str) -> Address | None:
    """Where an unnamed server must listen; None when its name decides alone."""
    where, _, name = server.partition(" ")
    if name:
        return None
    if where.startswith("/"):
        return where.rpartition(":")[0]
    host, port, _ = where.split(":")
    return (LOOPBACK if host == "localhost" else host, int(port))


def placed(server: str, port: int) -> str:
    """Write the line of a server, at a port of ours when it is named."""
    where, _, name = server.partition(" ")
    if not name:
        return server
    weight = where.rpartition(":")[2]
    return f"{LOOPBACK}:{port}:{weight} {name}"


@contextmanager
def running(case: Case) -> Iterator[Proxy]:
    """Run the proxy before one signpost per server; ejected ones refuse."""
    with ExitStack() as stack:
        addresses = [address_of(server) for server in case.servers]
        if any(addresses):
            stack.enter_context(fixed_addresses())
        signposts = stack.enter_context(closing(Signposts(addresses)))
        rows = ["alpha:", "  listen: @LISTEN@", "  redis: true"]
        rows += [f'  {key}: "{value}"' for key, value in case.settings]
        if case.ejected:
            rows += ["  auto_eject_hosts: true", "  server_failure_limit: 1"]
            rows += [f"  server_retry_timeout: {RETRY_MS}"]
        rows.append("  servers:")
        for number, server in enumerate(case.servers):
            port = signposts.port(number) if addresses[number] is None else 0
            if server.partition(" ")[2] in case.ejected:
                port = stack.enter_context(Reservation()).port
            rows.append(f"   - {placed(server, port)}")
        yield stack.enter_context(Proxy("\n".join([*rows, ""])))


def servers_of(wire: Wire, keys: tuple[bytes, ...]) -> list[bytes]:
    """Ask for each key, in one pipeline, which server got it."""
    wire.send(b"".join(resp("GET", key) for key in keys))
    return [wire.read_line().strip() for _ in keys]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_every_key_reaches_the_server_the_c_program_chose(case: Case) -> None:
    with running(case) as proxy, proxy.connect() as wire:
        if case.ejected:
            wait_until(
                lambda: b"-ERR" not in b"".join(servers_of(wire, case.keys)),
                f"the ejection of {case.ejected}",
            )
        chosen = servers_of(wire, case.keys)
    if case.expect is None:
        assert set(chosen) == {b":%d" % i for i in range(len(case.servers))}
    else:
        assert chosen == [b":%d" % i for i in case.expect]
