"""Real servers are killed, restarted and frozen; each test says who receives what."""

from collections.abc import Callable

from tests.adversity.conftest import Scene
from tests.support.waiting import wait_until

Build = Callable[..., Scene]
REFUSED = "Connection refused"
RESET = "Connection reset by peer"
TIMED_OUT = "Connection timed out"
TIMEOUT_MS = 250
RETRY_MS = 300


def test_a_killed_server_is_an_error_for_all_who_wait_for_it(scene: Build) -> None:
    stage = scene()
    stage.servers[0].freeze()
    with (
        stage.proxy.connect() as a,
        stage.proxy.connect() as b,
        stage.proxy.connect() as c,
    ):
        a.send(stage.ask_sick * 3)
        c.send(stage.ask_sick)
        stage.wait_outstanding(4)
        stage.servers[0].kill()
        assert a.read_expecting(stage.error(RESET) * 3) == stage.error(RESET) * 3
        assert c.read_expecting(stage.error(RESET)) == stage.error(RESET)
        stage.assert_well(b)


def test_a_dead_server_refuses_and_is_used_again_once_it_is_back(
    direct: Build,
) -> None:
    stage = direct()
    stage.servers[0].kill()
    stage.wait_sick_connections(0)
    with stage.proxy.connect() as a, stage.proxy.connect() as b:
        tried = stage.proxy.server_stats("server1")["connects"]
        assert a.ask(stage.ask_sick, stage.error(REFUSED)) == stage.error(REFUSED)
        assert stage.proxy.server_stats("server1")["connects"] == tried + 1
        stage.assert_well(b)
        stage.servers[0].start()
        missing = stage.dialect.missing()
        wait_until(
            lambda: a.ask(stage.ask_sick, missing) == missing, "the server to be back"
        )
        stage.assert_well(b)


def test_a_server_restarted_while_idle_is_noticed_before_the_next_request(
    direct: Build,
) -> None:
    stage = direct()
    with stage.proxy.connect() as a:
        assert a.ask(stage.ask_sick, stage.sick_reply) == stage.sick_reply
        stage.servers[0].restart()
        stage.wait_sick_connections(0)
        missing = stage.dialect.missing()
        assert a.ask(stage.ask_sick, missing) == missing


def test_a_split_request_over_a_dead_server_is_one_error(direct: Build) -> None:
    stage = direct()
    stage.servers[0].kill()
    stage.wait_sick_connections(0)
    with stage.proxy.connect() as a:
        both = stage.dialect.many([stage.well, stage.sick])
        assert a.ask(both, stage.error(REFUSED)) == stage.error(REFUSED)
        stage.assert_well(a)


def test_a_frozen_server_times_out_and_answers_again_when_thawed(scene: Build) -> None:
    stage = scene(timeout=TIMEOUT_MS)
    stage.servers[0].freeze()
    with stage.proxy.connect() as a, stage.proxy.connect() as b:
        a.send(stage.ask_sick * 2)
        stage.assert_well(b)
        assert a.read_expecting(stage.error(TIMED_OUT) * 2) == (
            stage.error(TIMED_OUT) * 2
        )
        stage.servers[0].thaw()
        assert a.ask(stage.ask_sick, stage.sick_reply) == stage.sick_reply


def test_without_a_timeout_a_frozen_server_is_waited_for(scene: Build) -> None:
    stage = scene()
    stage.servers[0].freeze()
    with stage.proxy.connect() as a, stage.proxy.connect() as b:
        a.send(stage.ask_sick + stage.ask_well)
        stage.wait_outstanding(1)
        stage.assert_well(b)
        assert a.read_until_quiet(0.05) == b""
        stage.servers[0].thaw()
        in_order = stage.sick_reply + stage.well_reply
        assert a.read_expecting(in_order) == in_order


def test_a_dead_server_is_ejected_and_readmitted(direct: Build) -> None:
    stage = direct(
        auto_eject_hosts=True, server_failure_limit=2, server_retry_timeout=RETRY_MS
    )
    stage.servers[0].kill()
    stage.wait_sick_connections(0)  # the first failure
    missing = stage.dialect.missing()
    with stage.proxy.connect() as a:
        assert a.ask(stage.ask_sick, stage.error(REFUSED)) == stage.error(REFUSED)
        wait_until(
            lambda: stage.proxy.pool_stats()["server_ejects"] == 1, "the ejection"
        )
        assert a.ask(stage.ask_sick, missing) == missing  # the well one has it now
        stage.servers[0].start()
        wait_until(
            lambda: (
                a.ask(stage.dialect.set(stage.sick, b"x"), stage.dialect.stored())
                and stage.proxy.server_stats("server1")["server_connections"] == 1
            ),
            "the server to be readmitted",
        )


def test_the_last_server_ejected_refuses_at_once(direct: Build) -> None:
    stage = direct(
        auto_eject_hosts=True, server_failure_limit=1, server_retry_timeout=60_000
    )
    with stage.proxy.connect() as a:
        for server in stage.servers:
            server.kill()
        wait_until(
            lambda: stage.proxy.pool_stats()["server_ejects"] == 2, "both ejections"
        )
        for request in (stage.ask_sick, stage.ask_well):
            assert a.ask(request, stage.error(REFUSED)) == stage.error(REFUSED)


def test_a_dead_server_is_not_dialled_for_every_request(direct: Build) -> None:
    stage = direct()
    stage.servers[0].kill()
    stage.wait_sick_connections(0)
    before = stage.proxy.server_stats("server1")["server_err"]
    refused = stage.error(REFUSED)
    with stage.proxy.connect() as a:
        for _ in range(500):
            a.send(stage.ask_sick)
            assert a.read_line() == refused
        attempts = stage.proxy.server_stats("server1")["server_err"] - before
        assert 0 < attempts < 100
        stage.servers[0].start()
        missing = stage.dialect.missing()
        wait_until(lambda: a.ask(stage.ask_sick, missing) == missing, "the server back")
        assert a.ask(stage.ask_sick, missing) == missing


def test_load_spreads_over_the_connections_to_a_server(direct: Build) -> None:
    stage = direct(server_connections=3)
    stage.servers[0].freeze()
    wires = [stage.proxy.connect() for _ in range(6)]
    for wire in wires:
        wire.send(stage.ask_sick)
    stage.wait_outstanding(6)
    stage.wait_sick_connections(3)
    stage.servers[0].thaw()
    for wire in wires:
        assert wire.read_expecting(stage.sick_reply) == stage.sick_reply
        wire.close()
