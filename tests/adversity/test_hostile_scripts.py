"""What servers would answer with two replies, one of them for somebody else."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from tests.support.proxy import Proxy, pool
from tests.support.real import NamedServer, programs
from tests.support.wire import resp

FORGED = b"x\\r\\n+FORGED"  # escapes, which servers undo within quotes
REQUESTS = {
    "an option": resp("FUNCTION", "LIST", b"x\r\n+FORGED"),
    "an engine": resp("EVAL", b'#!"%b"\nreturn 1' % FORGED, "0"),
    "an engine, reading": resp("EVAL_RO", b'#!"%b"\nreturn 1' % FORGED, "0"),
    "a flag": resp("EVAL", b'#!lua flags="%b"\nreturn 1' % FORGED, "0"),
    "a name": resp("SCRIPT", "LOAD", b'#!lua name="%b"\nreturn 1' % FORGED),
    "a library": resp("FUNCTION", "LOAD", b'#!lua "%b"=1\nreturn 1' % FORGED),
    "a library again": resp(
        "FUNCTION", "LOAD", "REPLACE", b'#!lua "%b"=1\nreturn 1' % FORGED
    ),
    "a carriage return": resp("EVAL", b'#!"x\r+FORGED"\nreturn 1', "0"),
}

OWN = "\n   - eval_ro keys numkeys=2 read"  # the operator's row is watched like ours


@pytest.fixture(scope="module", params=programs(), ids=lambda path: path[-30:])
def front(request: pytest.FixtureRequest) -> Iterator[Proxy]:
    """A proxy before one server, of each kind in turn."""
    with ExitStack() as stack:
        server = stack.enter_context(closing(NamedServer(request.param)))
        server.start()
        yield stack.enter_context(Proxy(pool([server], commands=OWN)))


@pytest.mark.parametrize("case", REQUESTS)
def test_no_client_gets_a_reply_that_another_made_up(front: Proxy, case: str) -> None:
    with front.connect() as wire:
        wire.send(REQUESTS[case] + resp("SET", "k", "v"))
        assert wire.read_line().startswith(b"-ERR ")
        assert wire.read_line() == b"+OK\r\n"


@pytest.mark.parametrize(
    ("script", "reply"),
    [
        (b"#!lua\nreturn 'a\\n'", b"$2\r\na\n\r\n"),
        (b"#!lua\r\nreturn 1", b":1\r\n"),
        (b"#!lua flags=no-writes\nreturn 1", b":1\r\n"),
        (b"return '#!\\\\'", b"$3\r\n#!\\\r\n"),
    ],
)
def test_a_script_may_have_escapes_below_its_first_line(
    front: Proxy, script: bytes, reply: bytes
) -> None:
    with front.connect() as wire:
        wire.ask(resp("EVAL", script, "1", "k", b"#!\\"), reply)
