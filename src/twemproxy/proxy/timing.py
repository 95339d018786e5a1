"""Which histogram of its pool a request's time goes to, by what its row tells."""

from twemproxy.stats import slot
from twemproxy.wire import rule


def histogram_of(flags: int) -> int:
    """Return the histogram of commands with these flags, forwarded to one server.

    What the proxy answers itself, splits or sends to all servers has its own.
    """
    if flags & rule.SCRIPT:
        return slot.SCRIPT_TIMES
    return slot.WRITE_TIMES if flags & rule.WRITE else slot.READ_TIMES
