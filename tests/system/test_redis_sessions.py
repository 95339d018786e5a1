"""HELLO, AUTH, RESET and CLIENT: two protocols in one pool, switched at any time."""

from collections.abc import Callable
from contextlib import closing

import pytest
import redis

from tests.support.backends import RedisServer
from tests.support.canned import CannedServer, Line
from tests.support.proxy import Proxy, pool
from tests.support.real import NamedServer, programs
from tests.support.waiting import wait_until
from tests.support.wire import Wire, resp
from twemproxy.wire import rule
from twemproxy.wire.redis.commands import COMMANDS, Command

Servers = Callable[..., list[RedisServer]]
Start = Callable[[str], Proxy]

HASH_2 = b"*2\r\n$1\r\nx\r\n$1\r\n1\r\n"
HASH_3 = b"%1\r\n$1\r\nx\r\n$1\r\n1\r\n"
NO_PROTOCOL = b"-NOPROTO unsupported protocol version\r\n"


def hello(version: int) -> bytes:
    return resp("HELLO", version)


def read_hello(conn: Wire, version: int) -> bytes:
    """Read the reply to HELLO; what it calls the number of the protocol."""
    kind = b"%7\r\n" if version == 3 else b"*14\r\n"
    assert conn.read_exactly(len(kind)) == kind
    end = b"$7\r\nmodules\r\n*0\r\n"
    text = b""
    while not text.endswith(end):
        text += conn.read_exactly(1)
    assert b"$5\r\nproto\r\n:%d\r\n" % version in text
    return text


def test_replies_change_their_shape_where_hello_stands(redis_proxy: Proxy) -> None:
    ask = resp("HGETALL", "h") + resp("MGET", "none", "h2", "n3")
    with redis_proxy.connect() as conn:
        conn.ask(resp("HSET", "h", "x", "1"), b":1\r\n")
        conn.send(ask + hello(3) + ask + hello(2) + ask)
        older = HASH_2 + b"*3\r\n$-1\r\n$-1\r\n$-1\r\n"
        newer = HASH_3 + b"*3\r\n_\r\n_\r\n_\r\n"
        assert conn.read_exactly(len(older)) == older
        read_hello(conn, 3)
        assert conn.read_exactly(len(newer)) == newer
        read_hello(conn, 2)
        assert conn.read_exactly(len(older)) == older


def test_clients_of_both_protocols_share_a_pool(redis_proxy: Proxy) -> None:
    with redis_proxy.connect() as old, redis_proxy.connect() as new:
        new.send(hello(3))
        text = read_hello(new, 3)
        assert b"$6\r\nserver\r\n$" in text
        old.ask(resp("HSET", "h", "x", "1"), b":1\r\n")
        for _ in range(20):
            assert new.ask(resp("HGETALL", "h"), HASH_3) == HASH_3
            assert old.ask(resp("HGETALL", "h"), HASH_2) == HASH_2


def test_servers_without_resp3_make_the_proxy_refuse_it(
    redis_servers: Servers, proxy: Start
) -> None:
    servers = redis_servers(2, "--rename-command", "HELLO", "")
    through = proxy(pool(servers, auto_eject_hosts=True, server_failure_limit=1))
    with through.connect() as conn:
        for _ in range(2):
            assert conn.ask(hello(3), NO_PROTOCOL) == NO_PROTOCOL
            assert conn.ask(resp("GET", "k"), b"$-1\r\n") == b"$-1\r\n"
        conn.send(hello(2))
        read_hello(conn, 2)
    assert through.pool_stats()["server_ejects"] == 0


def test_hello_does_not_wait_for_dead_servers(
    redis_servers: Servers, proxy: Start
) -> None:
    servers = redis_servers(2)
    through = proxy(pool(servers))
    for server in servers:
        server.kill()
    with through.connect() as conn:
        conn.send(hello(3))
        read_hello(conn, 3)
        assert conn.ask(resp("GET", "k"), b"-ERR Connection refused\r\n")[:1] == b"-"


def test_news_and_attributes_of_a_server_disturb_no_reply(
    canned: Callable[..., CannedServer], proxy: Start
) -> None:
    news = b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"
    attribute = b"|1\r\n+ttl\r\n:3600\r\n"
    script = [
        Line(until=b"HELLO\r\n$1\r\n3\r\n", send=b"%1\r\n+proto\r\n:3\r\n" + news),
        Line(until=resp("GET", "k"), send=news + attribute + b"$1\r\nv\r\n" + news),
        Line(until=resp("mget", "k", "l"), send=attribute + b"*2\r\n_\r\n$1\r\nw\r\n"),
    ]
    through = proxy(pool([canned(script)]))
    with through.connect() as conn:
        conn.send(hello(3))
        read_hello(conn, 3)
        expected = attribute + b"$1\r\nv\r\n"
        assert conn.ask(resp("GET", "k"), expected) == expected
        merged = b"*2\r\n_\r\n$1\r\nw\r\n"
        assert conn.ask(resp("MGET", "k", "l"), merged) == merged


def test_a_password_is_taken_by_hello(redis_servers: Servers, proxy: Start) -> None:
    servers = redis_servers(2, "--requirepass", "secret")
    through = proxy(pool(servers, redis_auth="secret"))
    login = ["HELLO", "3", "AUTH", "default"]
    with through.connect() as conn:
        conn.send(hello(3))
        assert conn.read_line().startswith(b"-NOAUTH HELLO must be called with")
        conn.send(resp(*login, "wrong"))
        assert conn.read_line().startswith(b"-WRONGPASS ")
        conn.send(resp("GET", "k"))
        assert conn.read_line() == b"-NOAUTH Authentication required\r\n"
        conn.send(resp(*login, "secret", "SETNAME", "me"))
        read_hello(conn, 3)
        assert conn.ask(resp("GET", "k"), b"_\r\n") == b"_\r\n"
        assert conn.ask(resp("CLIENT", "GETNAME"), b"$2\r\nme\r\n") == b"$2\r\nme\r\n"
        assert conn.ask(resp("RESET"), b"+RESET\r\n") == b"+RESET\r\n"
        conn.send(resp("GET", "k"))
        assert conn.read_line() == b"-NOAUTH Authentication required\r\n"


def test_a_client_that_wants_no_replies_gets_none(redis_proxy: Proxy) -> None:
    get = resp("GET", "k")
    with redis_proxy.connect() as conn:
        conn.ask(resp("SET", "k", "v"), b"+OK\r\n")
        conn.send(resp("CLIENT", "REPLY", "SKIP") + get + resp("ECHO", "heard"))
        assert conn.read_line() + conn.read_line() == b"$5\r\nheard\r\n"
        skip = resp("CLIENT", "REPLY", "SKIP")
        for nothing in (b"\r\n", b" \n", b"*0\r\n", resp("RESET"), skip + get):
            assert conn.ask(skip + nothing + get, b"$1\r\nv\r\n") == b"$1\r\nv\r\n"
        quiet = resp("CLIENT", "REPLY", "OFF") + get + resp("MGET", "a", "b", "c")
        quiet += resp("NOSUCH") + resp("DBSIZE") + resp("PING") + resp("INFO")
        conn.send(quiet + resp("SET", "k", "w") + resp("CLIENT", "REPLY", "ON") + get)
        expected = b"+OK\r\n$1\r\nw\r\n"
        assert conn.read_expecting(expected) == expected


@pytest.mark.parametrize(
    "row",
    [
        row
        for row in COMMANDS
        if row.how == rule.LOCAL and not row.flags & rule.SUBCOMMANDS
    ],
    ids=lambda row: row.name.decode(),
)
def test_what_the_proxy_answers_it_answers(redis_proxy: Proxy, row: Command) -> None:
    words = [word.decode() for word in row.name.split(b"|")]
    arguments = ["1"] * (abs(row.arity) - len(words))
    with redis_proxy.connect() as conn:
        conn.send(resp(*words, *arguments))
        assert conn.read_line()


def test_a_reply_may_be_nested_as_deep_as_a_script_likes(redis_proxy: Proxy) -> None:
    script = "local a = {} a[1] = a a[2] = 1 return a"
    with redis_proxy.connect() as conn:
        conn.send(resp("EVAL", script, 0) + resp("PING"))
        reply = b""
        while not reply.endswith(b"+PONG\r\n"):
            reply += conn.read_line()
        assert reply.count(b"*2") > 128


def test_clients_have_numbers_and_names(redis_proxy: Proxy) -> None:
    with redis_proxy.connect() as first, redis_proxy.connect() as second:
        numbers = []
        for conn, name in ((first, "one"), (second, "two")):
            conn.ask(resp("CLIENT", "SETNAME", name), b"+OK\r\n")
            conn.ask(resp("CLIENT", "SETINFO", "LIB-NAME", "x"), b"+OK\r\n")
            conn.send(resp("CLIENT", "ID"))
            numbers.append(int(conn.read_line()[1:]))
        assert numbers[0] < numbers[1]
        first.send(resp("CLIENT", "LIST", "ID", numbers[1]))
        length = int(first.read_line()[1:])
        text = first.read_exactly(length + 2).decode()
        assert f"id={numbers[1]} addr=127.0.0.1:" in text
        assert " name=two " in text
        assert " lib-name=x " in text
        # redis-py 5 and valkey-py want these numbers in CLIENT INFO.
        for field in ("qbuf", "qbuf-free", "argv-mem", "obl", "oll", "omem", "tot-mem"):
            assert f" {field}=0 " in text


def test_clients_have_an_age_and_idle_when_they_say_nothing(
    redis_proxy: Proxy,
) -> None:
    address = ("127.0.0.1", redis_proxy.port)
    with redis.Redis(*address) as asking, redis.Redis(*address) as silent:
        number = str(silent.client_id())

        def told() -> tuple[int, int]:
            line = asking.client_list(client_id=[number])[0]
            return int(line["age"]), int(line["idle"])

        assert told()[1] == 0
        wait_until(lambda: min(told()) >= 1, "an idle client")
        assert asking.client_info()["idle"] == 0
        assert silent.ping()
        age, idle = told()
        assert age >= 1
        assert idle == 0


def info(conn: Wire) -> dict[str, str]:
    conn.send(resp("INFO"))
    text = conn.read_exactly(int(conn.read_line()[1:]) + 2).decode()
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def test_info_counts_bytes_up_to_its_own(redis_proxy: Proxy) -> None:
    with redis_proxy.connect() as conn:
        conn.ask(resp("GET", "k"), b"$-1\r\n")
        lines = info(conn)
    asked = len(resp("GET", "k") + resp("INFO"))
    assert int(lines["total_net_input_bytes"]) == asked
    assert int(lines["total_net_output_bytes"]) == len(b"$-1\r\n")


def test_info_calls_failures_of_servers_no_sum_of_all_errors(
    redis_proxy: Proxy,
) -> None:
    with redis_proxy.connect() as conn:
        conn.ask(resp("MULTI"), b"-ERR 'multi' is not supported by the proxy: ")
        conn.read_line()
        lines = info(conn)
    assert "total_error_replies" not in lines
    assert lines["twemproxy_client_errors"] == "0"


def test_info_tells_what_libraries_look_for(redis_proxy: Proxy) -> None:
    with redis_proxy.connect() as conn:
        lines = info(conn)
    assert lines["redis_version"][0].isdigit()
    assert ("valkey_version" in lines) == (lines["server_name"] == "valkey")

    told = (lines["redis_mode"], lines["role"], lines["loading"])
    assert told == ("standalone", "master", "0")


@pytest.mark.parametrize("program", programs(), ids=lambda path: path[-30:])
def test_a_version_is_told_as_the_server_tells_it(program: str, proxy: Start) -> None:
    with closing(NamedServer(program)) as server:
        server.start()
        through = proxy(pool([server]))
        with (
            redis.Redis(port=server.port) as direct,
            redis.Redis(port=through.port) as client,
        ):
            theirs, ours = direct.info("server"), client.info("server")
    for name in ("redis_version", "valkey_version"):
        assert ours.get(name) == theirs.get(name)


# Requests whose replies the proxy makes, in the words of the server.
SAID_ALIKE = [
    "HELLO 4",
    "HELLO 2x",
    "HELLO 3 NAME",
    "HELLO 3 SETNAME",
    "HELLO 3 SETNAME a\tb",
    "CLIENT SETNAME a\nb",
    "CLIENT GETNAME",
    "CLIENT GETNAME x",
    "CLIENT NO-EVICT maybe",
    "CLIENT NO-EVICT on",
    "CLIENT REPLY maybe",
    "CLIENT LIST TYPE no",
    "CLIENT LIST ID x",
    "CLIENT LIST NO",
    "CLIENT NOSUCH",
    "CLIENT",
    "CONFIG GET",
    "CONFIG NOSUCH",
    "CONFIG GET nosuch",
    "CONFIG GET save",
    "COMMAND NOSUCH",
    "COMMAND GETKEYS nosuch x",
    "COMMAND GETKEYS ping x",
    "COMMAND GETKEYS get a b",
    "COMMAND GETKEYS mset a 1 b 2",
    "COMMAND GETKEYS zunionstore d 2 a b",
    "COMMAND GETKEYS eval s 0",
    "COMMAND LIST FILTERBY no x",
    "COMMAND LIST FILTERBY MODULE x",
    "COMMAND INFO nosuch",
    "ECHO",
    "PING a b",
    "PING a",
    "SELECT x",
    "SELECT 0",
    "AUTH default x",
    "AUTH a b c",
    "AUTH who x",
    "ACL WHOAMI",
    "MODULE LIST",
    "TIME x",
    "INFO nosuch",
    "RESET x",
]


@pytest.mark.parametrize("version", [2, 3])
def test_the_proxy_answers_in_the_words_of_the_server(
    redis_servers: Servers, proxy: Start, version: int
) -> None:
    server = redis_servers(1)[0]
    through = proxy(pool([server]))
    with Wire(server.port) as direct, through.connect() as proxied:
        said = []
        for conn in (direct, proxied):
            conn.send(hello(version))
            conn.read_until_quiet(0.3)
            replies = []
            for line in SAID_ALIKE:
                conn.send(resp(*line.split(" ")) + resp("ECHO", "end"))
                text = b""
                while not text.endswith(b"$3\r\nend\r\n"):
                    text += conn.read_line()
                replies.append((line, text))
            said.append(replies)
        assert said[0] == said[1]
