"""Who has the proxy itself work for long lets the others have their turn."""

from tests.support.simulation import Simulation
from tests.support.wire import resp
from twemproxy.stats import slot

CROWD = 200  # to describe so many takes longer than a turn
ASKED = 20


def test_a_flood_of_questions_without_replies_holds_nobody_up() -> None:
    """As many of them as one read takes, and none fills an outbox."""
    simulation = Simulation(1)
    with simulation.running():
        for _ in range(CROWD):
            simulation.client()
        flood, other = simulation.client(), simulation.client()
        flood.say(resp("CLIENT", "REPLY", "OFF") + resp("CLIENT", "LIST") * ASKED)
        other.say(resp("PING"))
        simulation.tick(3)
        assert other.listen() == b"+PONG\r\n"
        assert simulation.count(slot.LOCAL_ANSWERS) < ASKED // 2
        flood.say(resp("CLIENT", "REPLY", "ON"))
        simulation.tick(3 * ASKED)
        assert simulation.count(slot.LOCAL_ANSWERS) == ASKED + 2
        assert flood.listen() == b"+OK\r\n"
