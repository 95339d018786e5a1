"""`nutcracker slowlog`: the last requests that took longer than their pool allows."""

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from twemproxy.console.answers import SLOWLOG
from twemproxy.console.running import Unreachable, add_running_words, find_running
from twemproxy.console.words import (
    complain,
    natural,
    show,
    show_json,
    table,
    words,
)

HEADINGS: Final = (
    *("time", "pool", "command", "key", "client", "server"),
    *("total", "queue", "at server", "in proxy"),
)
FIRST_NUMBER: Final = 6


def main(argv: list[str]) -> int:
    """Fetch the slow requests of all workers, print them, the latest last."""
    parser = words("slowlog", __doc__ or "")
    parser.add_argument(
        "-n", type=natural, default=0, metavar="N", help="only the last N"
    )
    add_running_words(parser)
    asked = parser.parse_args(argv)
    try:
        entries = find_running(asked).get("/slowlog", SLOWLOG)
    except (OSError, Unreachable) as failure:
        return complain(str(failure))
    entries = entries[-asked.n :]
    if asked.json:
        show_json(entries)
    else:
        show(as_text(entries))
    return 0


def as_text(entries: Iterable[Mapping[str, Any]]) -> str:
    """Put slow requests as people read them."""
    return table([HEADINGS, *map(as_row, entries)], right=FIRST_NUMBER)


def as_row(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Spell one slow request."""
    moment = time.localtime(entry["time_us"] / 1_000_000)
    return (
        time.strftime("%m-%d %H:%M:%S", moment),
        *(str(entry[name]) for name in ("pool", "command", "key", "client")),
        str(entry["server"] or "-"),
        *(
            duration(entry[name])
            for name in ("total_us", "queue_us", "server_us", "proxy_us")
        ),
    )


def duration(time_us: float | None) -> str:
    """Spell a time so that its size is seen at a glance."""
    if time_us is None:
        return "-"
    if time_us < 1000:  # noqa: PLR2004 # the next unit
        return f"{time_us:.0f} µs"
    if time_us < 1_000_000:  # noqa: PLR2004 # the next unit
        return f"{time_us / 1000:.1f} ms"
    return f"{time_us / 1_000_000:.1f} s"
