"""While many clients wait, gets of one key share lines, and nobody notices."""

import itertools
import random
from collections.abc import Iterator, Sequence

import pytest

from tests.support.simulation import Far, Simulation

CROWD = 8  # so many clients that wait may share lines
MAX_RESPONSE_BYTES = 65536  # where all values together are no larger
ALONE = CROWD - 1  # so many ask before it is a crowd
END = b"END\r\n"


def value(key: bytes, data: bytes = b"") -> bytes:
    """Encode a value, of its own key unless said."""
    data = data or b"<%b>" % key
    return b"VALUE %b 0 %d\r\n%b\r\n" % (key, len(data), data)


def keys(count: int) -> list[bytes]:
    """Name so many keys."""
    return [b"k%d" % number for number in range(count)]


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    """One pool with one server."""
    simulation = Simulation(1, redis=False)
    with simulation.running():
        yield simulation


def crowd_of(simulation: Simulation) -> Far:
    """Have so many clients wait that the next ones share lines; their server."""
    for number in range(ALONE):
        simulation.client().say(b"get w%d\r\n" % number)
    simulation.tick(5)
    (server,) = simulation.dialled
    assert server.listen() == b"".join(b"get w%d\r\n" % i for i in range(ALONE))
    server.heard.clear()
    return server


def ask(simulation: Simulation, asked: Sequence[bytes], ticks: int = 5) -> list[Far]:
    """Let as many clients ask for a key each."""
    clients = [simulation.client() for _ in asked]
    for client, key in zip(clients, asked, strict=True):
        client.say(b"get %b\r\n" % key)
    simulation.tick(ticks)
    return clients


def heard(clients: list[Far]) -> list[bytes]:
    """Tell what each has been told."""
    return [bytes(client.listen()) for client in clients]


def test_those_that_wait_together_share_a_line(simulation: Simulation) -> None:
    server = crowd_of(simulation)
    clients = ask(simulation, keys(4))
    assert server.listen() == b"get k0 k1 k2 k3\r\n"
    server.say(ALONE * END + value(b"k0") + value(b"k2") + END)
    simulation.tick(3)
    assert heard(clients) == [value(b"k0") + END, END, value(b"k2") + END, END]
    assert simulation.reactor.askers == 0
    assert simulation.reactor.under_way == 0


def test_a_few_have_lines_of_their_own(simulation: Simulation) -> None:
    ask(simulation, keys(ALONE))
    (server,) = simulation.dialled
    assert server.listen() == b"".join(b"get %b\r\n" % key for key in keys(ALONE))


def test_the_setting_gives_each_a_line_of_its_own() -> None:
    simulation = Simulation(1, redis=False, join_gets=False)
    with simulation.running():
        server = crowd_of(simulation)
        ask(simulation, keys(3))
        assert server.listen() == b"get k0\r\nget k1\r\nget k2\r\n"


def test_a_reload_changes_the_setting(simulation: Simulation) -> None:
    server = crowd_of(simulation)
    config = simulation.pool.config._replace(join_gets=False)
    simulation.pool.adopt(config, [simulation.block(2)])
    ask(simulation, keys(2))
    simulation.client().say(b"get a b\r\n")
    simulation.client().say(b"get c d\r\n")
    simulation.tick(5)
    assert server.listen() == b"get k0\r\nget k1\r\nget a b \r\nget c d \r\n"


def test_what_is_not_get_of_one_key_has_a_line_of_its_own(
    simulation: Simulation,
) -> None:
    server = crowd_of(simulation)
    lines = [
        b"get a\r\n",
        b"gets b\r\n",
        b"get c d\r\n",
        b"get  e\r\n",
        b"set f 0 0 1\r\n1\r\n",
        b"set g 0 0 1 noreply\r\n1\r\n",
        b"get h\r\n",
        b"mg i v\r\n",
        b"gat 0 j\r\n",
        b"get k\r\n",
        b"get l\r\n",
    ]
    for line in lines:
        simulation.client().say(line)
    simulation.tick(5)
    sent = server.listen().replace(b"c d \r\n", b"c d\r\n").replace(b"  ", b" ")
    shared = b"get k l\r\n"
    assert sent == b"".join(lines[:-2]).replace(b"  ", b" ") + shared


def test_a_pipeline_shares_lines_with_others(simulation: Simulation) -> None:
    server = crowd_of(simulation)
    first, second = simulation.client(), simulation.client()
    first.say(b"get a\r\nget b\r\nget c\r\n")
    second.say(b"get d\r\nget a\r\nget e\r\n")
    simulation.tick(5)
    assert server.listen() == b"get a b c d\r\nget a e\r\n"
    server.say(ALONE * END + value(b"b") + value(b"d") + END)
    server.say(value(b"a") + value(b"e") + END)
    simulation.tick(3)
    assert heard([first, second]) == [
        END + value(b"b") + END + END,
        value(b"d") + END + value(b"a") + END + value(b"e") + END,
    ]


PLACES = [*itertools.permutations(range(5))][::7]


@pytest.mark.parametrize("order", PLACES)
def test_parts_of_split_requests_share_lines_as_well(
    simulation: Simulation, order: tuple[int, ...]
) -> None:
    server = crowd_of(simulation)
    first, second, third = (simulation.client() for _ in range(3))
    first.say(b"get a b\r\n")
    second.say(b"get c\r\nget d e f\r\n")
    third.say(b"get g g h\r\n")
    simulation.tick(5)
    assert server.listen() == b"get a b c d e f g g h \r\n"
    found = [value(b"b"), value(b"c"), value(b"d"), value(b"f"), value(b"g") * 2]
    server.say(ALONE * END + b"".join(found[place] for place in order) + END)
    simulation.tick(3)
    assert heard([first, second, third]) == [
        value(b"b") + END,
        value(b"c") + END + value(b"d") + value(b"f") + END,
        value(b"g") * 2 + END,
    ]


def test_a_key_of_a_split_request_is_not_asked_for_twice(
    simulation: Simulation,
) -> None:
    server = crowd_of(simulation)
    for line in (b"get a b", b"get c", b"get d b", b"get d", b"get e d", b"get f b"):
        simulation.client().say(line + b"\r\n")
    simulation.tick(5)
    assert server.listen() == (b"get a b c\r\nget d b \r\nget d\r\nget e d f b \r\n")


@pytest.mark.parametrize("order", [*itertools.permutations(keys(3))])
def test_values_in_another_order_find_their_requests(
    simulation: Simulation, order: tuple[bytes, ...]
) -> None:
    server = crowd_of(simulation)
    clients = ask(simulation, [*keys(3), b"none"])
    server.say(ALONE * END + b"".join(map(value, order)) + END)
    simulation.tick(3)
    assert heard(clients) == [value(key) + END for key in keys(3)] + [END]


def test_an_error_is_for_all_and_ends_the_sharing(simulation: Simulation) -> None:
    server = crowd_of(simulation)
    error = b"SERVER_ERROR out of memory\r\n"
    clients = ask(simulation, keys(3))
    server.heard.clear()
    late = ask(simulation, [b"late"])
    server.listen()
    server.heard.clear()
    server.say((ALONE - 1) * END + error + error + value(b"late") + END)
    simulation.tick(3)
    assert heard(clients) == [error, error, error]
    assert heard(late) == [value(b"late") + END]
    for client in simulation.admitted[:ALONE]:
        client.say(b"get w\r\n")
    simulation.tick(5)
    ask(simulation, keys(2))
    assert server.listen().endswith(b"get w\r\nget k0\r\nget k1\r\n")


@pytest.mark.parametrize(
    "response",
    [
        value(b"k0") + value(b"k9") + END,
        value(b"k1") + value(b"k1") + END,
        value(b"k0") + b"STORED\r\n",
        b"STORED\r\n",
        b"VALUE k0 0 3\r\nlonger\r\nEND\r\n",
    ],
)
def test_what_nobody_asked_for_ends_the_connection(
    simulation: Simulation, response: bytes
) -> None:
    server = crowd_of(simulation)
    clients = ask(simulation, keys(2))
    server.say(ALONE * END + response)
    simulation.tick(3)
    server.listen()
    assert server.ended
    for key, reply in zip(keys(2), heard(clients), strict=True):
        assert reply in (END, value(key) + END) or reply.startswith(b"SERVER_ERROR ")


def test_a_client_that_left_is_not_missed(simulation: Simulation) -> None:
    server = crowd_of(simulation)
    clients = ask(simulation, keys(4))
    clients[1].close()
    clients[3].close()
    simulation.tick(2)
    server.say(ALONE * END + b"".join(map(value, keys(4))) + END)
    simulation.tick(3)
    assert bytes(clients[0].listen()) == value(b"k0") + END
    assert bytes(clients[2].listen()) == value(b"k2") + END


def test_a_client_that_left_a_split_request_is_not_missed(
    simulation: Simulation,
) -> None:
    server = crowd_of(simulation)
    clients = [simulation.client() for _ in range(3)]
    clients[0].say(b"get a b\r\n")
    clients[1].say(b"bogus\r\nget c d\r\n")  # what is not read makes a reset
    clients[2].say(b"get e\r\n")
    simulation.tick(5)
    assert server.listen() == b"get a b c d e\r\n"
    clients[1].close()
    simulation.tick(2)
    server.say(ALONE * END + b"".join(value(b"%c" % key) for key in b"abcde") + END)
    simulation.tick(3)
    assert bytes(clients[0].listen()) == value(b"a") + value(b"b") + END
    assert bytes(clients[2].listen()) == value(b"e") + END
    server.listen()
    assert not server.ended


def test_a_line_that_is_sent_takes_no_more_keys(simulation: Simulation) -> None:
    server = crowd_of(simulation)
    ask(simulation, [b"a", b"b"])
    ask(simulation, [b"c", b"d"])
    assert server.listen() == b"get a b\r\nget c d\r\n"


def second_crowd(simulation: Simulation, server: Far) -> list[Far]:
    """Answer the first crowd; as many clients wait again, each with its own line."""
    server.say(ALONE * END)
    simulation.tick(2)
    clients = ask(simulation, keys(ALONE))
    server.listen()
    server.heard.clear()
    return clients


@pytest.mark.parametrize("together", [1, 2, 3])
def test_of_large_values_only_a_few_share_a_line(
    simulation: Simulation, together: int
) -> None:
    server = crowd_of(simulation)
    waiting = second_crowd(simulation, server)
    large = bytes(MAX_RESPONSE_BYTES // together - 40)
    server.say(b"".join(value(key, large) + END for key in keys(ALONE)))
    simulation.tick(3)
    assert heard(waiting)[0] == value(b"k0", large) + END
    ask(simulation, [b"x%d" % i for i in range(ALONE + 6)])
    assert server.listen().count(b"get ") == ALONE + 6 // together


def longest_line(server: Far) -> int:
    """Tell how many keys the longest line has that has arrived, and take them all."""
    lines = bytes(server.listen()).split(b"\r\n")
    server.heard.clear()
    return max(len(line.split()) - 1 for line in lines)


def test_a_few_share_a_line_while_the_length_of_values_is_not_known(
    simulation: Simulation,
) -> None:
    server = crowd_of(simulation)
    ask(simulation, keys(90))
    assert longest_line(server) == 16


@pytest.mark.parametrize("missing", [True, False])
def test_a_miss_or_a_short_value_does_not_tell_that_the_next_are_short(
    simulation: Simulation, missing: bool
) -> None:
    server = crowd_of(simulation)
    clients = second_crowd(simulation, server)
    large = value(b"k0", bytes(MAX_RESPONSE_BYTES)) + END
    short = [END if missing else value(key) + END for key in keys(ALONE)[1:]]
    server.say(large + b"".join(short))
    simulation.tick(3)
    assert bytes(clients[0].listen()) == large
    ask(simulation, [b"x%d" % i for i in range(60)])
    assert longest_line(server) <= 3


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64])
def test_a_response_in_pieces(simulation: Simulation, piece: int) -> None:
    server = crowd_of(simulation)
    clients = ask(simulation, keys(4))
    answer = ALONE * END + value(b"k0") + value(b"k1") + value(b"k3") + END
    for at in range(0, len(answer), piece):
        server.say(answer[at : at + piece])
        simulation.tick()
    assert heard(clients) == [
        *(value(key) + END for key in keys(2)),
        END,
        value(b"k3") + END,
    ]


def told(server: Far, stored: dict[bytes, bytes]) -> tuple[int, bytes]:
    """Take the lines that have arrived; how many, and what is to be said to them."""
    *lines, rest = bytes(server.listen()).split(b"\r\n")
    assert not rest
    server.heard.clear()
    answers = b""
    for line in lines:
        found = [key for key in line.split()[1:] if stored.get(key)]
        answers += b"".join(value(key, stored[key]) for key in found) + END
    return len(lines), answers


def test_everybody_gets_what_is_theirs(simulation: Simulation) -> None:
    chance = random.Random(6)
    stored = {key: b"%b:" % key * chance.randrange(40) for key in keys(60)}
    due = {simulation.client(): b"" for _ in range(20)}
    lines = 0
    for turn in range(300):
        for client in due:
            for _ in range(chance.choice([0, 1, 1, 4]) if turn < 200 else 0):
                asked = chance.choices(keys(60), k=chance.choice([1, 1, 1, 2, 9]))
                client.say(b"get %b\r\n" % b" ".join(asked))
                found = [key for key in asked if stored[key]]
                due[client] += b"".join(value(key, stored[key]) for key in found) + END
        simulation.tick(chance.choice([1, 2, 5]))
        count, answers = told(simulation.dialled[0], stored)
        lines += count
        while answers:
            size = chance.choice([1, 10, 100, 5000])
            simulation.dialled[0].say(answers[:size])
            answers = answers[size:]
            simulation.tick()
        heard(list(due))  # so that there is room for more
    assert heard(list(due)) == list(due.values())
    assert 3 * lines < 2 * sum(replies.count(END) for replies in due.values())


@pytest.mark.parametrize("cut", [0, 700, 5000])
@pytest.mark.parametrize("split", [False, True])
def test_short_values_in_pieces_do_not_tell_of_long_ones(
    simulation: Simulation, cut: int, split: bool
) -> None:
    server = crowd_of(simulation)
    asked = keys(60)
    if split:
        simulation.client().say(b"get %b\r\n" % b" ".join(asked))
        simulation.tick(5)
    else:
        ask(simulation, asked)
    _, answers = told(server, dict.fromkeys(asked, b"x" * 400))
    for piece in (ALONE * END, answers[:cut], answers[cut:]):
        server.say(piece)
        simulation.tick(3)
    assert simulation.reactor.under_way == 0
    (conn,) = simulation.pool.servers[0].conns
    assert 400 < conn.value_bytes < 1500


def test_many_short_values_do_not_tell_of_long_ones(simulation: Simulation) -> None:
    client = simulation.client()
    asked = keys(300)
    client.say(b"get %b\r\n" % b" ".join(asked))
    simulation.tick(5)
    (server,) = simulation.dialled
    response = b"".join(value(key, b"x" * 400) for key in asked) + END
    said = 0
    while len(client.listen()) < len(response):
        said += server.say(response[said:])
        simulation.tick(3)
    (conn,) = simulation.pool.servers[0].conns
    assert conn.value_bytes < 4096


@pytest.mark.parametrize("spliced", [32768, 1 << 30])
def test_a_value_that_comes_through_a_pipe_is_known_to_be_long(
    simulation: Simulation, spliced: int
) -> None:
    simulation.process.splice_bytes = spliced
    client = simulation.client()
    client.say(b"get k\r\n")
    simulation.tick(5)
    (server,) = simulation.dialled
    response = value(b"k", bytes(300000)) + END
    said = 0
    while len(client.listen()) < len(response):
        said += server.say(response[said:])
        simulation.tick(3)
    (conn,) = simulation.pool.servers[0].conns
    assert conn.value_bytes == len(response)
