"""The demo on a terminal of 80 columns and 24 rows, drawn with rich."""

import asyncio
import signal
from types import TracebackType
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from twemproxy.demo.episode import Episode, ServerState
from twemproxy.demo.front import Proxy
from twemproxy.demo.lines import invitation
from twemproxy.demo.monitor import Look, Monitor, ServerRow

WIDTH: Final = 79
BAR: Final = 24
EVENTS: Final = 4
SPARKS: Final = " ▁▂▃▄▅▆▇█"
STYLES: Final = {
    ServerState.LIVE: "green",
    ServerState.KILLED: "bold red",
    ServerState.EJECTED: "yellow",
    ServerState.RESTARTED: "cyan",
}


class Screen:
    """Redraws in place; leaves the last picture on the terminal."""

    def __init__(self, proxy: Proxy, monitor: Monitor, episode: Episode) -> None:
        """Draw what these three know."""
        self._proxy = proxy
        self._monitor = monitor
        self._episode = episode
        self._live = Live(console=Console(), auto_refresh=False, screen=False)

    def __enter__(self) -> "Screen":
        """Hide the cursor and begin."""
        self._live.__enter__()
        self._bind()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the terminal back."""
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTSTP)
        self._live.__exit__(kind, error, trace)

    def draw(self, look: Look) -> None:
        """Show `look` and the story so far."""
        picture = Group(
            self._title(look),
            Text(""),
            self._figures(look),
            Text(""),
            self._servers(look),
            Rule(style="dim"),
            *self._story(),
            Rule("try it in another terminal, Ctrl-C ends the demo", style="dim"),
            *(Text(f"  {line}", style="cyan") for line in invitation(self._proxy)),
        )
        self._live.update(picture, refresh=True)

    def _suspend(self) -> None:
        """Stop as Ctrl-Z asks, but leave the terminal its cursor meanwhile.

        The system does not stop who has no shell to continue it, as in `docker run`.
        """
        self._live.console.show_cursor(True)
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTSTP)
        signal.raise_signal(signal.SIGTSTP)
        self._bind()
        self._live.console.show_cursor(False)

    def _bind(self) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTSTP, self._suspend)

    def _title(self, look: Look) -> Text:
        counts = " + ".join(
            f"{len(pool.backends)} {'Valkey' if pool.redis else 'memcached'}"
            for pool in self._proxy.pools
        )
        title = Text("twemproxy", style="bold magenta")
        title.append(f"  one proxy in front of {counts} servers", style="default")
        clock = f"{int(look.elapsed_s) // 60:d}:{int(look.elapsed_s) % 60:02d}"
        title.append(clock.rjust(WIDTH - len(title)), style="dim")
        return title

    def _figures(self, look: Look) -> Table:
        tally = look.tally
        grid = Table.grid(padding=(0, 2))
        for style in ("dim", "bold", "dim", "bold"):
            grid.add_column(style=style, no_wrap=True)
        rate = Text(f"{look.requests_per_s:>7,.0f} ")
        rate.append(sparkline(look.history), style="green")
        p50, p99 = tally.latency_ms(0.5), tally.latency_ms(0.99)
        errors = Text(f"{tally.errors}", style="red" if tally.errors else "bold")
        errors.append(f"  wrong {self._monitor.total.wrong}", style="bold")
        grid.add_row("requests/s", rate, "hit rate", f"{tally.hit_rate:.1%}")
        grid.add_row(
            "latency", f"p50 {p50:.2f} ms   p99 {p99:.2f} ms", "errors/s", errors
        )
        grid.add_row(
            "proxy CPU",
            f"{look.cpu_share:.0%} of a core",
            "per request",
            f"{self._monitor.cpu_us_per_request():.1f} µs",
        )
        return grid

    def _servers(self, look: Look) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for name in ("pool", "server", "share", "", "requests/s", "state"):
            right = name in ("", "requests/s")
            table.add_column(name, justify="right" if right else "left", no_wrap=True)
        pool = ""
        for row in look.servers:
            state = self._episode.states.get(row.name, ServerState.LIVE)
            style = STYLES[state]
            table.add_row(
                row.pool if row.pool != pool else "",
                row.name,
                bar(row, style),
                f"{row.share:.0%}",
                f"{row.requests_per_s:,.0f}",
                Text(state.value, style=style),
            )
            pool = row.pool
        return table

    def _story(self) -> list[Text]:
        events = self._episode.events[-EVENTS:]
        lines = [Text(f"  {event.at_s:6.1f}s  {event.text}") for event in events]
        return lines + [Text("")] * (EVENTS - len(lines))


def bar(row: ServerRow, style: str) -> Text:
    """Return the share of `row` as a bar of fixed width."""
    filled = round(row.share * BAR)
    text = Text("█" * filled, style=style)
    return text.append("░" * (BAR - filled), style="grey35")


def sparkline(values: tuple[float, ...]) -> str:
    """Return one character per value, as high as its share of the highest."""
    top = max(*values, 1.0)
    return "".join(SPARKS[round(value / top * (len(SPARKS) - 1))] for value in values)
