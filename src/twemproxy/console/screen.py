"""The screen of `nutcracker top`, drawn with textual; at home in 80 by 24.

one line of facts, the last minutes' requests as a curve
pools      rates, errors, times
servers    state, rates, times, queues; what is wrong stands out
slow       the latest slow requests
"""

import asyncio
import signal
from collections import deque
from collections.abc import Sequence
from typing import Any, ClassVar, Final, Protocol

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.widgets import DataTable, Footer, Sparkline, Static

from twemproxy.console.rates import (
    ClassLook,
    Look,
    PoolLook,
    ServerLook,
    State,
    compare,
)
from twemproxy.console.running import Unreachable
from twemproxy.console.slowlog import duration
from twemproxy.console.words import columns, printable

HISTORY: Final = 240  # looks in the curve
MAX_SLOW: Final = 50
# A long name must not push the numbers of a server out of the terminal.
MAX_POOL: Final = 16
MIN_SERVER: Final = 21  # an address and its port are never cut
NUMBERS: Final = 66  # columns of the table of servers besides the names
POOL_NUMBERS: Final = 62  # columns of the table of pools besides the name
POOL_HEADINGS: Final = (
    *("pool", "clients", "req/s", "err/s", "in B/s", "out B/s", "p50", "p99"),
)
SERVER_HEADINGS: Final = (
    *("pool", "server", "state", "req/s", "err/s", "queue", "wait", "conns"),
    *("p50", "p99"),
)
SLOW_HEADINGS: Final = ("slow", "total", "queue", "server", "command", "key", "at")
STYLES: Final = {
    "live": "green",
    "idle": "dim",
    "ejected": "yellow",
    "down": "bold red",
}
# What servers are ordered by, one after the other with the key `s`.
ORDERS: Final = ("name", "requests_s", "queued", "tail_us")


class Asked(Protocol):
    """Where the numbers come from."""

    name: str

    def state(self) -> tuple[float, dict[str, Any]]:
        """Return the state, and when it was."""

    def slow(self) -> list[dict[str, Any]]:
        """Return the slow requests, the latest last."""


class Screen(App[None]):
    """Looks at the proxy every interval and shows what changed."""

    CSS = """
    Screen { layout: vertical; }
    #facts { height: 1; background: $primary; color: $text; }
    #curve { height: 2; }
    #pools { height: auto; max-height: 7; }
    #servers { height: 1fr; }
    #slow { height: auto; max-height: 7; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("q", "quit", "Quit"),
        ("p", "pause", "Pause"),
        ("s", "order", "Sort servers"),
        ("c", "classes", "Classes of commands"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, source: Asked, interval_s: float) -> None:
        """Show what `source` says."""
        super().__init__()
        self._source = source
        self._interval_s = interval_s
        self._rates: deque[float] = deque(maxlen=HISTORY)
        self._columns = 80
        self._order = 0
        self._paused = False
        self._by_class = False
        self._look: Look | None = None
        self._last: tuple[float, State] | None = None

    def compose(self) -> ComposeResult:
        """Lay the parts out from top to bottom."""
        yield Static(self._source.name, id="facts", markup=False)
        yield Sparkline([], id="curve")
        for name, headings in (
            ("pools", POOL_HEADINGS),
            ("servers", SERVER_HEADINGS),
            ("slow", SLOW_HEADINGS),
        ):
            part: DataTable[Text] = DataTable(
                id=name, cursor_type="none", zebra_stripes=True, cell_padding=1
            )
            part.add_columns(*headings)
            yield part
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look; who ends us gets the terminal back."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.exit, None, 128 + signal.SIGTERM)
        self._take()
        self.set_interval(self._interval_s, self._take)

    def on_resize(self, event: Resize) -> None:
        """Give the names of pools and servers the room there is."""
        self._columns = event.size.width
        tables = (("#pools", POOL_HEADINGS), ("#servers", SERVER_HEADINGS))
        for part, headings in tables:
            shown = self.query_one(part, DataTable)
            shown.clear(columns=True)
            shown.add_columns(*headings)
        self._draw()

    def action_pause(self) -> None:
        """Stand still, or go on."""
        self._paused = not self._paused
        self._facts()

    def action_order(self) -> None:
        """Order servers by the next column."""
        self._order = (self._order + 1) % len(ORDERS)
        self._draw()

    def action_classes(self) -> None:
        """Show the classes of commands below each pool, or no longer."""
        self._by_class = not self._by_class
        self._draw()

    def _take(self) -> None:
        if not self._paused:
            self.run_worker(self._ask, thread=True, exclusive=True)

    def _ask(self) -> None:
        """Ask in a thread, so that a slow answer does not stop the keyboard."""
        try:
            when, state = self._source.state()
            slow = self._source.slow()
        except (OSError, Unreachable) as failure:
            self.call_from_thread(self._fail, str(failure))
            return
        self.call_from_thread(self._receive, when, state, slow)

    def _fail(self, reason: str) -> None:
        self._last = None
        self.query_one("#facts", Static).update(reason)

    def _receive(self, when: float, state: State, slow: list[dict[str, Any]]) -> None:
        before, self._last = self._last, (when, state)
        if before is None:
            self._look = compare(state, state, 1.0)
        else:
            self._look = compare(before[1], state, when - before[0])
            self._rates.append(self._look.requests_s)
        self._draw()
        rows = [slow_row(entry) for entry in slow[-MAX_SLOW:]]
        self._fill("#slow", rows[::-1])

    def _draw(self) -> None:
        if self._look is None:
            return
        self._facts()
        self.query_one("#curve", Sparkline).data = list(self._rates)
        rows = []
        for pool in self._look.pools:
            rows.append(pool_row(pool, pool_limit(self._columns)))
            if self._by_class:
                rows += [class_row(one) for one in pool.classes]
        self._fill("#pools", rows)
        limits = name_limits(self._columns)
        ordered = in_order(self._look.servers, ORDERS[self._order])
        self._fill("#servers", [server_row(server, limits) for server in ordered])

    def _facts(self) -> None:
        look = self._look
        if look is None:
            return
        parts = [
            f" {look.source}",
            f"up {clock(look.uptime_s)}",
            f"workers {look.workers or '?'}",
            f"config {look.generation or '?'}",
            f"conns {look.connections}",
            f"{amount(look.requests_s)} req/s",
        ]
        if self._order:
            parts.append(f"by {ORDERS[self._order].partition('_')[0]}")
        if self._paused:
            parts.append("PAUSED")
        self.query_one("#facts", Static).update("  ".join(parts))

    def _fill(self, part: str, rows: Sequence[tuple[Text, ...]]) -> None:
        """Show other rows and stay where the reader has scrolled to."""
        shown = self.query_one(part, DataTable)
        left, top = shown.scroll_x, shown.scroll_y
        shown.clear()
        shown.add_rows(rows)
        shown.scroll_to(left, top, animate=False)


def in_order(servers: Sequence[ServerLook], order: str) -> list[ServerLook]:
    """Put servers in order: by name, or the largest first."""
    if order == "name":
        return list(servers)
    return sorted(servers, key=lambda server: -(getattr(server, order) or 0))


def name_limits(width: int) -> tuple[int, int]:
    """Tell how long names of pools and of servers may be in so many columns."""
    return MAX_POOL, max(MIN_SERVER, width - MAX_POOL - NUMBERS)


def pool_limit(width: int) -> int:
    """Tell likewise of names in the table of pools."""
    return max(MAX_POOL, width - POOL_NUMBERS)


def shortened(text: str, limit: int) -> str:
    """Leave the middle out of a long name: its ends tell it from others."""
    text = printable(text)
    if columns(text) <= limit:
        return text
    tail = limit // 2
    end = leading(text[::-1], tail)[::-1]
    return f"{leading(text, limit - tail - 1)}…{end}"


def leading(text: str, limit: int) -> str:
    """Return as much of a text's beginning as so many columns hold."""
    text = text[:limit]
    while columns(text) > limit:
        text = text[:-1]
    return text


def pool_row(pool: PoolLook, limit: int) -> tuple[Text, ...]:
    """Spell one pool; its name takes so many columns at most."""
    return (
        Text(shortened(pool.name, limit), "bold"),
        _number(str(pool.clients)),
        _number(amount(pool.requests_s)),
        _number(amount(pool.errors_s), "bold red" if pool.errors_s else ""),
        _number(amount(pool.bytes_in_s)),
        _number(amount(pool.bytes_out_s)),
        _number(duration(pool.median_us)),
        _number(duration(pool.tail_us)),
    )


def class_row(one: ClassLook) -> tuple[Text, ...]:
    """Spell one class of commands, in the columns of its pool."""
    return (
        _word(f"  {one.name}", "dim"),
        Text(),
        _number(amount(one.requests_s)),
        *(Text(), Text(), Text()),
        _number(duration(one.median_us)),
        _number(duration(one.tail_us)),
    )


def server_row(server: ServerLook, limits: tuple[int, int]) -> tuple[Text, ...]:
    """Spell one server; `limits` are those of the names of its pool and its own."""
    return (
        Text(shortened(server.pool, limits[0])),
        Text(shortened(server.label, limits[1]), "bold"),
        Text(server.state, STYLES[server.state]),
        _number(amount(server.requests_s)),
        _number(amount(server.errors_s), "bold red" if server.errors_s else ""),
        _number(str(server.queued)),
        _number(duration(server.queue_us)),
        _number(str(server.conns)),
        _number(duration(server.median_us)),
        _number(duration(server.tail_us)),
    )


def slow_row(entry: dict[str, Any]) -> tuple[Text, ...]:
    """Spell one slow request."""
    return (
        Text(shortened(entry["pool"], MAX_POOL)),
        *(
            _number(duration(entry[name]))
            for name in ("total_us", "queue_us", "server_us")
        ),
        *(_word(entry[name]) for name in ("command", "key")),
        _word(entry["server"] or "-"),
    )


def amount(value: float) -> str:
    """Spell a number in at most five characters."""
    for unit in ("", "k", "M", "G"):
        if value < 1000:  # noqa: PLR2004 # the next unit
            exact = unit and value < 100  # noqa: PLR2004 # three digits are enough
            return f"{value:.1f}{unit}" if exact else f"{value:.0f}{unit}"
        value /= 1000
    return f"{value:.0f}T"


def clock(seconds: int) -> str:
    """Spell how long something runs."""
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"


def _word(text: str, style: str = "") -> Text:
    """Show what somebody else has named; the terminal takes no orders from it."""
    return Text(printable(text), style)


def _number(text: str, style: str = "") -> Text:
    return Text(text, style, justify="right")
