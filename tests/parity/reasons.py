"""Why an answer deviates from the recorded one, and the shape of such a row."""

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.parity.recording import Session
from tests.parity.replay import Reply


class Reason(enum.Enum):
    """The deliberate differences; each is one paragraph of the compatibility page."""

    SAYS_WHY = (
        "an unsupported command or a wrong argument count is answered, not cut off"
    )
    PROTOCOL_ERROR = "bytes that are not the protocol get an error line, then the close"
    LOCAL_AS_IN_REDIS = "QUIT, PING message and AUTH user password work as in Redis"
    SPLIT_ERROR = "a failed part of a split request is one error and no disconnect"
    ALL_KEYS = "EXISTS is summed over servers; ZUNION and the like find their keys"
    STRICT_KEYS = "keys on several servers are refused instead of losing some of them"
    PEER_RESET = "a server that closes is told as the documentation promises"
    PASSING_TROUBLE = "OOM, BUSY and LOADING reach who asked and disturb nobody else"
    KEY_LIMIT = "the length of a key does not depend on the size of a buffer"
    INLINE = "inline commands work"
    OWN_WORDS = "memcached's own words for a bad line, and its way of going on"
    RIGHT_DATABASE = "AUTH goes before SELECT, and a failed SELECT is a failure"
    NO_DESYNC = "a nonsensical part of a split reply is an error, not half an answer"
    NO_SUCH_HOST = "a name that does not resolve is an error, not a disconnect"
    KEY_ORDER = "values come in the order of their keys also when some keys miss"


Changes = Mapping[int, Reply]


@dataclass(frozen=True, slots=True)
class Row:
    """The sessions of these names deviate; a name ending in `*` is a beginning."""

    reason: Reason
    names: tuple[str, ...]
    changes: Callable[[Session], Changes]

    def covers(self, session: Session) -> bool:
        """Whether the session is one of these."""
        return any(
            session.name.startswith(name[:-1])
            if name.endswith("*")
            else session.name == name
            for name in self.names
        )


def row(reason: Reason, name: str, changes: Changes) -> Row:
    """One session, with fixed changes."""
    return Row(reason, (name,), lambda _: changes)


def any_of(*texts: bytes, closed: bool | None = False) -> Reply:
    """Accept one of several exact answers."""
    return Reply(re.compile(b"|".join(re.escape(text) for text in texts)), closed)


def like(pattern: bytes, *, closed: bool | None = False) -> Reply:
    """Accept every answer that the whole pattern fits."""
    return Reply(re.compile(pattern, re.DOTALL), closed)
