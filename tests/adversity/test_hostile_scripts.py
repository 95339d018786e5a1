"""What servers would answer with two replies, one of them for somebody else."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from tests.support.canned import CannedServer, Line
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
    "a string where none belongs": resp(
        "FUNCTION", "LOAD", b'#!lua name=x\nreturn 1 "%b"' % FORGED
    ),
    "a line feed": resp("FUNCTION", "LOAD", b'#!lua name=x\nreturn 1 "x\\n+FORGED"'),
    "a long string": resp("FUNCTION", "LOAD", b"#!lua name=x\nreturn 1 [[x\n+FORGED]]"),
    "a field": resp("FUNCTION", "LOAD", b'#!lua name=x\nlocal a={} a["%b"]()' % FORGED),
    "a carriage return": resp("EVAL", b'#!"x\r+FORGED"\nreturn 1', "0"),
}

# The operator's rows are watched like ours, and what loads scripts stays ours.
OWN = "\n   - eval_ro keys numkeys=2 read\n   - function|load any\n   - script any"


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


def test_replies_of_scripts_that_are_loaded_come_in_any_pieces(front: Proxy) -> None:
    code = b'#!lua name=mine\nredis.register_function("f", function() return 7 end)'
    load = resp("FUNCTION", "LOAD", "REPLACE", code)
    broken = resp("FUNCTION", "LOAD", b'#!lua name=x\nreturn 1 "%b"' % (b"x" * 200_000))
    session = (
        load + broken + resp("FCALL", "f", "0") + resp("SCRIPT", "LOAD", "return 1")
    )
    with front.connect() as wire:
        wire.send(session)
        assert (wire.read_line(), wire.read_line()) == (b"$4\r\n", b"mine\r\n")
        error = wire.read_line()
        assert error.startswith(b"-ERR ")
        assert len(error) > 200_000
        assert wire.read_line() == b":7\r\n"
        assert wire.read_line() == b"$40\r\n"


def test_an_error_of_several_lines_may_come_before_the_fence(front: Proxy) -> None:
    code = b'#!lua name=x\n--%b\nlocal a = {} a["x\\r\\n+FORGED"]()' % (b"x" * 40_000)
    with front.connect() as wire:
        wire.send(resp("FUNCTION", "LOAD", code) + resp("SET", "k", "v"))
        assert b"'x  +FORGED'" in wire.read_line()
        assert wire.read_line() == b"+OK\r\n"


def test_a_long_line_of_a_script_disturbs_nobody(front: Proxy) -> None:
    script = "return {ok = string.rep('x', 3 * 1024 * 1024)}"
    with front.connect() as wire, front.connect() as other:
        wire.send(resp("EVAL", script, "0"))
        assert other.ask(resp("PING", "x"), b"$1\r\nx\r\n") == b"$1\r\nx\r\n"
        assert other.ask(resp("SET", "k", "v"), b"+OK\r\n") == b"+OK\r\n"
        assert len(wire.read_line()) == 3 * 1024 * 1024 + 3


def test_a_server_that_does_not_repeat_the_fence_answers_nobody_wrongly() -> None:
    for load in (b"$1\r\nx\r\n-ERR unknown command\r\n", b"-ERR a\r\n-ERR b\r\n"):
        script = [Line(until=b"SCRIPT", send=load)]
        with (
            closing(CannedServer([script])) as server,
            Proxy(pool([server])) as proxy,
            proxy.connect() as wire,
        ):
            wire.send(resp("SCRIPT", "LOAD", "return 1"))
            assert wire.read_line() == b"-ERR Invalid argument\r\n"
