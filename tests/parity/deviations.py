"""Where we answer otherwise than the C program did, and why."""

from collections.abc import Mapping

from tests.parity.recording import Raw, Session
from tests.parity.replay import Replies, as_recorded


def replies(session: Session) -> Replies:
    """What each step of the session should receive from the program under test."""
    return as_recorded(session)


def counters(session: Session) -> Mapping[str, Raw]:
    """What the stats document should show after the session."""
    return session.counters
