"""What becomes of requests whose client, server or connection goes; one case each.

`test_laws.py` tries everything at once; here each rule can be read.
"""

import pytest

from tests.support.simulation import Far, Simulation
from tests.support.wire import resp
from twemproxy.stats import slot

GET = resp("GET", "k")
RESET = b"-ERR Connection reset by peer\r\n"
TIMED_OUT = b"-ERR Connection timed out\r\n"
TIMEOUT_MS = 100
DAYS_MS = 2147483647
ONE_READ = 65536


def ask(simulation: Simulation, client: Far, request: bytes = GET) -> None:
    """Send a request and let it reach the servers."""
    client.say(request)
    simulation.tick(4)


def ask_and_reset(simulation: Simulation, client: Far) -> None:
    """Send a request and close in a hurry: what is not read makes it a reset."""
    ask(simulation, client, resp("PING") + GET)
    client.close()
    simulation.tick(2)
    assert simulation.count(slot.ABANDONED) == 1


def test_a_half_closed_client_gets_what_it_asked_for() -> None:
    simulation = Simulation(1)
    with simulation.running():
        client = simulation.client()
        ask(simulation, client, GET + GET + b"*2\r\n$3\r\nGET\r\n")
        client.sock.shutdown(1)
        simulation.tick(2)
        assert not client.ended
        simulation.dialled[0].say(b"+one\r\n+two\r\n")
        simulation.tick(2)
        assert client.listen() == b"+one\r\n+two\r\n"
        assert client.ended
        assert simulation.count(slot.CLIENT_EOF) == 1
        assert simulation.count(slot.ABANDONED) == 0


def test_the_reply_to_a_client_that_left_is_swallowed_and_is_no_success() -> None:
    simulation = Simulation(1, auto_eject_hosts=True, server_failure_limit=9)
    with simulation.running():
        leaver, stayer = simulation.client(), simulation.client()
        simulation.pool.servers[0].failures = 3
        ask_and_reset(simulation, leaver)
        ask(simulation, stayer)
        simulation.dialled[0].say(b"+for the leaver\r\n")
        simulation.tick(2)
        assert simulation.block(2).get(slot.RESPONSES) == 0
        assert simulation.block(2).get(slot.SWALLOWED) == 1
        assert simulation.pool.servers[0].failures == 3
        simulation.dialled[0].say(b"+for the stayer\r\n")
        simulation.tick(2)
        assert stayer.listen() == b"+for the stayer\r\n"
        assert simulation.pool.servers[0].failures == 0


def test_a_request_whose_client_left_still_times_out_for_all() -> None:
    simulation = Simulation(1, timeout_ms=TIMEOUT_MS)
    with simulation.running():
        leaver, stayer = simulation.client(), simulation.client()
        ask_and_reset(simulation, leaver)
        simulation.pass_time(TIMEOUT_MS // 2)
        ask(simulation, stayer)
        simulation.pass_time(TIMEOUT_MS // 2 + 2)
        simulation.tick(2)
        assert stayer.listen() == TIMED_OUT
        assert simulation.block(2).get(slot.SERVER_TIMEDOUT) == 1


def test_a_client_keeps_its_connection_while_it_waits_there() -> None:
    simulation = Simulation(1, server_connections=3)
    with simulation.running():
        client = simulation.client()
        ask(simulation, client, resp("SET", "k", "new"))
        ask(simulation, client)
        assert len(simulation.dialled) == 1
        simulation.dialled[0].say(b"+OK\r\n$3\r\nnew\r\n")
        simulation.tick(2)
        assert client.listen() == b"+OK\r\n$3\r\nnew\r\n"
        ask(simulation, client)
        assert len(simulation.dialled) == 2


def test_clients_spread_over_the_connections() -> None:
    simulation = Simulation(1, server_connections=3)
    with simulation.running():
        for _ in range(6):
            ask(simulation, simulation.client())
        simulation.tick(3)
        heard = [bytes(far.listen()) for far in simulation.dialled]
        assert heard == [GET * 2] * 3


def test_a_connection_that_died_idle_is_not_asked() -> None:
    simulation = Simulation(1)
    with simulation.running():
        client = simulation.client()
        ask(simulation, client)
        simulation.dialled[0].say(b"+one\r\n")
        simulation.tick(2)
        simulation.dialled[0].close()
        simulation.tick()
        ask(simulation, client)
        simulation.dialled[1].say(b"+two\r\n")
        simulation.tick(2)
        assert client.listen() == b"+one\r\n+two\r\n"


def test_half_a_reply_and_an_end_together_are_an_error_at_once() -> None:
    simulation = Simulation(1)
    with simulation.running():
        client = simulation.client()
        ask(simulation, client)
        simulation.dialled[0].listen()
        simulation.dialled[0].say(b"$9\r\nhal")
        simulation.dialled[0].close()
        simulation.tick(3)
        assert client.listen() == RESET
        assert simulation.block(2).get(slot.SERVER_EOF) == 1


def test_a_reply_before_its_request_is_written_reaches_nobody() -> None:
    simulation = Simulation(1)
    with simulation.running():
        simulation.pool.servers[0].connection_for(None)
        client = simulation.client()
        client.say(GET)
        simulation.dialled[0].say(b"+poison\r\n")
        simulation.tick(4)
        assert bytes(client.listen()) in (b"", b"-ERR Invalid argument\r\n")


def keys_by_server(simulation: Simulation) -> dict[str, bytes]:
    """Find a key for each server, by its label."""
    found: dict[str, bytes] = {}
    for number in range(50):
        key = b"k%d" % number
        index = simulation.pool.place(bytearray(key), 0, len(key))
        found.setdefault(simulation.pool.servers[index].config.label, key)
    return found


def test_keys_stay_with_their_servers_when_those_change_places_under_way() -> None:
    simulation = Simulation(2, server_connections=2)
    with simulation.running():
        key = keys_by_server(simulation)["s0"]
        client = simulation.client()
        ask(simulation, client, resp("GET", key))
        config = simulation.pool.config
        servers = config.servers[::-1]
        counters = [simulation.block(3), simulation.block(2)]
        simulation.pool.adopt(config._replace(servers=servers), counters)
        for again in keys_by_server(simulation).values():
            ask(simulation, client, resp("GET", again))
        s0, s1 = simulation.dialled
        assert (s0.port, s1.port) == (0, 1)
        assert s0.listen() == resp("GET", key) * 2
        assert s1.listen() == resp("GET", keys_by_server(simulation)["s1"])


def test_a_retiring_connection_ends_once_all_is_sent_that_gets_no_reply() -> None:
    simulation = Simulation(1, redis=False)
    value = b"x" * 1_000_000
    request = b"set k 0 0 %d noreply\r\n%b\r\n" % (len(value), value)
    with simulation.running():
        client = simulation.client()
        left = memoryview(request)
        while left:
            left = left[client.say(bytes(left)) :]
            simulation.tick()
        simulation.tick(4)
        (server,) = simulation.dialled
        simulation.pool.servers[0].retire()
        simulation.tick()
        while len(server.listen()) < len(request):
            assert not server.ended
            simulation.tick()
        simulation.tick(2)
        server.listen()
        assert server.ended


def tell_until_held_back(simulation: Simulation, client: Far) -> None:
    """Send what gets no reply until the proxy takes no more of it."""
    value = b"x" * 1_000_000
    request = b"set k 0 0 %d noreply\r\n%b\r\n" % (len(value), value)
    left = request
    (member,) = simulation.pool.clients
    while not member.paused:
        left = left[client.say(left[:ONE_READ]) :] or request
        simulation.tick()


def test_a_server_that_takes_nothing_holds_clients_back_until_the_timeout() -> None:
    simulation = Simulation(1, redis=False, timeout_ms=TIMEOUT_MS)
    with simulation.running():
        client = simulation.client()
        tell_until_held_back(simulation, client)
        (member,) = simulation.pool.clients
        simulation.pass_time(TIMEOUT_MS // 2)
        simulation.tick(2)
        assert member.paused
        simulation.pass_time(TIMEOUT_MS // 2 + 2)
        simulation.tick(2)
        assert not member.paused
        assert simulation.block(2).get(slot.SERVER_TIMEDOUT) == 1
        assert simulation.block(2).get(slot.IN_QUEUE) == 0


def test_a_server_that_takes_slowly_what_gets_no_reply_is_not_late() -> None:
    simulation = Simulation(1, redis=False, timeout_ms=TIMEOUT_MS)
    with simulation.running():
        tell_until_held_back(simulation, simulation.client())
        (server,) = simulation.dialled
        for _ in range(10):
            simulation.pass_time(TIMEOUT_MS - 10)
            server.listen()
            simulation.tick(2)
        assert simulation.block(2).get(slot.SERVER_TIMEDOUT) == 0


def test_a_server_that_takes_a_little_at_a_time_is_not_late_either() -> None:
    """So little that the poller does not tell."""
    simulation = Simulation(1, redis=False, timeout_ms=TIMEOUT_MS)
    with simulation.running():
        tell_until_held_back(simulation, simulation.client())
        (server,) = simulation.dialled
        for _ in range(10):
            assert server.sock.recv(ONE_READ)
            simulation.pass_time(TIMEOUT_MS + 2)
        assert simulation.block(2).get(slot.SERVER_TIMEDOUT) == 0
        simulation.pass_time(TIMEOUT_MS + 2)
        simulation.pass_time(TIMEOUT_MS + 2)
        assert simulation.block(2).get(slot.SERVER_TIMEDOUT) == 1


def test_no_timer_keeps_a_closed_connection_in_memory() -> None:
    simulation = Simulation(1, timeout_ms=TIMEOUT_MS)
    with simulation.running():
        client = simulation.client()
        ask(simulation, client)
        (link,) = simulation.pool.links
        simulation.dialled[0].close()
        simulation.tick(2)
        assert client.listen() == RESET
        calls = [timer.call for _, _, timer in simulation.reactor.timers]
        assert link not in [getattr(call, "__self__", None) for call in calls]


def test_timers_that_were_cancelled_do_not_pile_up_until_they_are_due() -> None:
    simulation = Simulation(1, timeout_ms=DAYS_MS)
    with simulation.running():
        client = simulation.client()
        for number in range(300):
            ask(simulation, client)
            simulation.dialled[number].say(b"$-1\r\n")
            simulation.dialled[number].close()
            simulation.tick(2)
            assert client.listen() == b"$-1\r\n" * (number + 1)
        assert len(simulation.reactor.timers) < 150


def test_an_error_of_one_server_is_no_failure_where_another_one_is_enough() -> None:
    simulation = Simulation(2)
    with simulation.running():
        client = simulation.client()
        for answers in (b"+OK\r\n", b"-NOTBUSY no\r\n"), (b"-NOTBUSY no\r\n",) * 2:
            ask(simulation, client, resp("SCRIPT", "KILL"))
            for server, answer in zip(simulation.dialled[-2:], answers, strict=True):
                server.say(answer)
            simulation.tick(2)
        assert client.listen() == b"+OK\r\n-NOTBUSY no\r\n"
        assert simulation.count(slot.CLIENT_RESPONSES) == 1
        assert simulation.count(slot.CLIENT_ERRORS) == 1
        assert simulation.count(slot.FORWARD_ERROR) == 1


@pytest.mark.parametrize("line", [b"stats\r\n", b"stats items\r\n"])
def test_statistics_without_those_of_one_server_are_no_failure(line: bytes) -> None:
    simulation = Simulation(2, redis=False)
    simulation.refused = {1}
    with simulation.running():
        client = simulation.client()
        ask(simulation, client, line)
        simulation.dialled[0].say(b"STAT items:1:number 7\r\nEND\r\n")
        simulation.tick(2)
        assert client.listen().endswith(b"END\r\n")
        assert simulation.count(slot.CLIENT_RESPONSES) == 1
        assert simulation.count(slot.FORWARD_ERROR) == 0


@pytest.mark.parametrize(
    ("redis", "leave", "look", "shown"),
    [
        (True, resp("QUIT"), resp("INFO", "clients"), b"connected_clients:1\r\n"),
        (True, resp("QUIT"), resp("CLIENT", "LIST"), b"\r\nid=2 "),
        (False, b"quit\r\n", b"stats\r\n", b"STAT curr_connections 1\r\n"),
    ],
)
def test_who_is_leaving_is_shown_nowhere(
    redis: bool, leave: bytes, look: bytes, shown: bytes
) -> None:
    simulation = Simulation(1, redis=redis)
    simulation.refused = {0}
    with simulation.running():
        leaver, other = simulation.client(), simulation.client()
        ask(simulation, leaver, leave)
        assert simulation.process.leaving
        ask(simulation, other, look)
        assert shown in other.listen()


def move(simulation: Simulation, **changes: object) -> None:
    """Reload with another description of the first server."""
    config = simulation.pool.config
    server = config.servers[0]._replace(**changes)  # type: ignore[arg-type] # fields by name
    servers = (server, *config.servers[1:])
    counters = [simulation.block(2 + i) for i in range(len(servers))]
    simulation.pool.adopt(config._replace(servers=servers), counters)


def test_a_server_that_comes_back_changed_is_not_ejected_any_more() -> None:
    simulation = Simulation(1, auto_eject_hosts=True, server_failure_limit=1)
    simulation.refused = {0}
    with simulation.running():
        ask(simulation, simulation.client())
        assert simulation.block(2).get(slot.EJECTED) == 1
        move(simulation, weight=2)
        assert simulation.block(2).get(slot.EJECTED) == 0


@pytest.mark.parametrize(
    "words",
    [("SORT_RO", "k"), ("SORT", "k", "BY", "w_*"), ("EVAL", "x", "2", "a", "b")],
)
def test_servers_that_are_all_alike_have_every_key(words: tuple[str, ...]) -> None:
    simulation = Simulation(2, distribution="random")
    with simulation.running():
        clients = [simulation.client() for _ in range(30)]
        for client in clients:
            client.say(resp(*words))
        simulation.tick(4)
        assert not any(client.listen() for client in clients)


@pytest.mark.parametrize(
    "settings", [{"auto_eject_hosts": False}, {"server_retry_timeout_ms": 100}]
)
def test_who_is_ejected_comes_back_when_the_settings_say_so(
    settings: dict[str, object],
) -> None:
    simulation = Simulation(
        1,
        auto_eject_hosts=True,
        server_failure_limit=1,
        server_retry_timeout_ms=3_600_000,
    )
    simulation.refused = {0}
    with simulation.running():
        client = simulation.client()
        ask(simulation, client)
        simulation.refused = set()
        config = simulation.pool.config._replace(**settings)  # type: ignore[arg-type] # by name
        simulation.pool.adopt(config, [simulation.block(2)])
        simulation.pass_time(101)
        ask(simulation, client)
        assert simulation.block(2).get(slot.EJECTED) == 0
        assert len(simulation.dialled) == 1


def test_a_server_that_was_taken_away_ejects_nobody() -> None:
    simulation = Simulation(
        1, auto_eject_hosts=True, server_failure_limit=1, timeout_ms=TIMEOUT_MS
    )
    with simulation.running():
        client = simulation.client()
        ask(simulation, client)
        move(simulation, port=1)
        simulation.pass_time(2 * TIMEOUT_MS)
        simulation.tick(2)
        assert client.listen() == TIMED_OUT
        assert simulation.count(slot.SERVER_EJECTS) == 0
        assert simulation.block(2).get(slot.EJECTED) == 0


def test_the_end_of_a_server_is_noticed_behind_what_takes_several_reads() -> None:
    simulation = Simulation(1)
    with simulation.running():
        client = simulation.client()
        ask(simulation, client)
        said = simulation.dialled[0].say(b"$1000000\r\n" + bytes(150_000))
        assert said > 2 * ONE_READ
        simulation.dialled[0].close()
        simulation.tick(9)
        assert client.listen() == RESET


def test_the_end_of_a_client_is_noticed_behind_what_takes_several_reads() -> None:
    simulation = Simulation(1)
    with simulation.running():
        client = simulation.client()
        one = resp("SET", "k", bytes(100))
        assert client.say(600 * one) == 600 * len(one) > ONE_READ
        client.sock.shutdown(1)
        simulation.tick(4)
        (server,) = simulation.dialled
        answered = 0
        while answered < 600:
            heard = len(server.listen()) // len(one)
            assert heard > answered
            server.say((heard - answered) * b"+OK\r\n")
            answered = heard
            simulation.tick(4)
        assert client.listen() == 600 * b"+OK\r\n"
        assert client.ended
