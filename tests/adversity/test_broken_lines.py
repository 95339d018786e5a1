"""The line to a server breaks in every way; each test says who receives what.

A is a client of the sick server, B of the well one. After every accident A goes on
over the same client connection, as nothing was its fault.
"""

import threading
from collections.abc import Callable

import pytest

from tests.adversity.conftest import Scene
from tests.support.middlebox import (
    BlackHole,
    Cut,
    Ending,
    Late,
    Pass,
    Say,
    Trickle,
    Twice,
)

Build = Callable[..., Scene]
RESET = "Connection reset by peer"
TIMED_OUT = "Connection timed out"
GARBAGE = "Invalid argument"
TIMEOUT_MS = 250


@pytest.mark.parametrize("ending", ["close", "reset", "half-close"])
def test_a_reply_cut_at_any_byte_is_an_error_for_its_client_alone(
    scene: Build, ending: Ending
) -> None:
    stage = scene()
    with stage.proxy.connect() as a, stage.proxy.connect() as b:
        for after in range(len(stage.sick_reply)):
            stage.box.set_fault(Cut(after, ending))
            assert a.ask(stage.ask_sick, stage.error(RESET)) == stage.error(RESET)
            stage.assert_well(b)
            stage.box.set_fault(Pass())
            assert a.ask(stage.ask_sick, stage.sick_reply) == stage.sick_reply


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_a_line_cut_right_behind_a_reply_costs_nobody_anything(
    scene: Build, ending: Ending
) -> None:
    stage = scene()
    with stage.proxy.connect() as a, stage.proxy.connect() as b:
        stage.box.set_fault(Cut(len(stage.sick_reply), ending))
        assert a.ask(stage.ask_sick, stage.sick_reply) == stage.sick_reply
        stage.wait_sick_connections(0)
        stage.box.set_fault(Pass())
        assert a.ask(stage.ask_sick, stage.sick_reply) == stage.sick_reply
        stage.assert_well(b)


def test_everybody_who_waits_for_a_broken_line_gets_an_error_in_his_order(
    scene: Build,
) -> None:
    stage = scene()
    stage.box.set_fault(BlackHole())
    with stage.proxy.connect() as a, stage.proxy.connect() as c:
        a.send(stage.ask_sick + stage.ask_well + stage.ask_sick)
        c.send(stage.ask_sick)
        stage.wait_outstanding(3)
        stage.box.sever("reset")
        in_order = stage.error(RESET) + stage.well_reply + stage.error(RESET)
        assert a.read_expecting(in_order) == in_order
        assert c.read_expecting(stage.error(RESET)) == stage.error(RESET)
        stage.box.set_fault(Pass())
        assert a.ask(stage.ask_sick, stage.sick_reply) == stage.sick_reply


def test_a_split_request_with_a_broken_part_is_one_error(scene: Build) -> None:
    stage = scene()
    stage.box.set_fault(Cut(3))
    with stage.proxy.connect() as a:
        both = stage.dialect.many([stage.sick, stage.well])
        assert a.ask(both, stage.error(RESET)) == stage.error(RESET)
        stage.assert_well(a)


def test_a_reply_that_stalls_midway_times_out(scene: Build) -> None:
    stage = scene(timeout=TIMEOUT_MS)
    stage.box.set_fault(Cut(5, "stall"))
    with stage.proxy.connect() as a, stage.proxy.connect() as b:
        a.send(stage.ask_sick * 2)
        stage.assert_well(b)
        both = stage.error(TIMED_OUT) * 2
        assert a.read_expecting(both) == both
        assert stage.proxy.server_stats("server1")["server_timedout"] == 1
        stage.box.set_fault(Pass())
        assert a.ask(stage.ask_sick, stage.sick_reply) == stage.sick_reply


def test_a_server_in_a_black_hole_times_out_for_all_its_clients(scene: Build) -> None:
    stage = scene(timeout=TIMEOUT_MS)
    stage.box.set_fault(BlackHole())
    with (
        stage.proxy.connect() as a,
        stage.proxy.connect() as b,
        stage.proxy.connect() as c,
    ):
        a.send(stage.ask_sick)
        c.send(stage.ask_sick)
        stage.assert_well(b)
        for wire in (a, c):
            assert wire.read_expecting(stage.error(TIMED_OUT)) == stage.error(TIMED_OUT)


def test_a_reply_that_trickles_arrives_whole(scene: Build) -> None:
    stage = scene()
    stage.box.set_fault(Trickle())
    with stage.proxy.connect() as a, stage.proxy.connect() as b:
        a.send(stage.ask_sick * 3)
        stage.assert_well(b)
        assert a.read_expecting(stage.sick_reply * 3) == stage.sick_reply * 3


def test_an_answer_given_twice_reaches_nobody_the_second_time(scene: Build) -> None:
    stage = scene()
    stage.store(stage.sick, b"first")
    first = stage.dialect.found(stage.sick, b"first")
    stage.box.set_fault(Twice())
    with stage.proxy.connect() as a:
        assert a.ask(stage.ask_sick, first) == first
        stage.wait_sick_connections(0)
        stage.box.set_fault(Pass())
        stage.store(stage.sick, b"second")
        second = stage.dialect.found(stage.sick, b"second")
        assert a.ask(stage.ask_sick, second) == second


@pytest.mark.parametrize(
    "garbage",
    [
        b"?\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\r\n\r\n",
        b"\x00\x01\x02\x03\r\n",
        b"$99x\r\n",
        b"VALUE x y z\r\n",
    ],
)
def test_garbage_is_an_error_for_all_who_wait_there(
    scene: Build, garbage: bytes
) -> None:
    stage = scene()
    stage.box.set_fault(Say(garbage))
    with stage.proxy.connect() as a, stage.proxy.connect() as b:
        assert a.ask(stage.ask_sick, stage.error(GARBAGE)) == stage.error(GARBAGE)
        stage.assert_well(b)
        stage.box.set_fault(Pass())
        assert a.ask(stage.ask_sick, stage.sick_reply) == stage.sick_reply


def test_an_answer_after_the_timeout_reaches_nobody(scene: Build) -> None:
    stage = scene(timeout=TIMEOUT_MS)
    release = threading.Event()
    stage.box.set_fault(Late(release))
    with stage.proxy.connect() as a:
        assert a.ask(stage.ask_sick, stage.error(TIMED_OUT)) == stage.error(TIMED_OUT)
        stage.box.set_fault(Pass())
        stage.store(stage.sick, b"new")
        new = stage.dialect.found(stage.sick, b"new")
        assert a.ask(stage.ask_sick, new) == new
        release.set()
        assert a.ask(stage.ask_sick, new) == new


def test_the_reply_of_a_client_that_left_reaches_nobody(scene: Build) -> None:
    stage = scene()
    release = threading.Event()
    stage.box.set_fault(Late(release))
    leaver = stage.proxy.connect()
    leaver.send(stage.ask_sick)
    stage.wait_outstanding(1)
    leaver.reset()
    with stage.proxy.connect() as a:
        a.send(stage.dialect.get(stage.sick + b"none"))
        release.set()
        assert a.read_expecting(stage.dialect.missing()) == stage.dialect.missing()
