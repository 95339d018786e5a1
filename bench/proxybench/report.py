"""Tables, a JSON file and a plot of what was measured."""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from bench.proxybench import machine
from bench.proxybench.compare import ratio
from bench.proxybench.run import Run

COLUMNS: Final = (
    "proxy | CPU us | user | system | requests/s | p50 us | p99 us | p99.9 us "
    "| peak MB (largest) | n | CPU / {base} | requests/s / {base}"
)
ROW_HEIGHT: Final = 18
LABEL_WIDTH: Final = 220
PLOT_WIDTH: Final = 420
COLOURS: Final = ("#3b6ea8", "#c0504d", "#7f9f3f", "#8064a2", "#b8860b")


def names(runs: Sequence[Run], field: str) -> list[str]:
    """Return the distinct values of a field in order of appearance."""
    return list(dict.fromkeys(getattr(run, field) for run in runs))


def tables(runs: Sequence[Run], base: str) -> str:
    """Return one table per workload and placement, as Markdown."""
    parts = []
    for pinned in sorted({run.pinned for run in runs}, reverse=True):
        for workload in names(runs, "workload"):
            some = [r for r in runs if (r.workload, r.pinned) == (workload, pinned)]
            if some:
                place = "pinned" if pinned else "unpinned"
                parts.append(f"### {workload}, {place}\n\n{table(some, base)}")
    return "\n\n".join(parts)


def table(runs: Sequence[Run], base: str) -> str:
    """Return the table of one workload; each row is a proxy's medians."""
    rows = [f"| {COLUMNS.format(base=base)} |", "|---" * 12 + "|"]
    others = [run for run in runs if run.contender == base]
    for name in names(runs, "contender"):
        mine = [run for run in runs if run.contender == name]
        fault = " (faults!)" if any(run.faults for run in mine) else ""
        cells = [
            name + fault,
            *(f"{middle(mine, f):.2f}" for f in ("cpu_us", "user_us", "system_us")),
            *(
                f"{middle(mine, f):,.0f}"
                for f in ("ops", "p50_us", "p99_us", "p999_us")
            ),
            f"{middle(mine, 'peak_rss_kb') / 1024:.1f} "
            f"({middle(mine, 'largest_rss_kb') / 1024:.1f})",
            str(len(mine)),
            str(ratio(mine, others, "cpu_us") or "-"),
            str(ratio(mine, others, "ops") or "-"),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def middle(runs: Sequence[Run], figure: str) -> float:
    """Return the median of a figure."""
    return float(statistics.median(getattr(run, figure) for run in runs))


def write_json(path: Path, runs: Sequence[Run], **more: Any) -> None:
    """Write all runs, so that tables can be made again."""
    document = {
        "machine": machine.description(),
        "runs": [run.to_json() for run in runs],
        **more,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")


def read_json(path: Path) -> list[Run]:
    """Read the runs of an earlier measurement."""
    return [Run(**row) for row in json.loads(path.read_text())["runs"]]


def write_plot(path: Path, runs: Sequence[Run]) -> None:
    """Draw CPU per request as bars, one group per workload, as SVG."""
    proxies = [name for name in names(runs, "contender") if name != "direct"]
    parts, y = [], 30
    for workload in names(runs, "workload"):
        bars = {
            name: [r for r in runs if (r.workload, r.contender) == (workload, name)]
            for name in proxies
        }
        figures = {name: middle(some, "cpu_us") for name, some in bars.items() if some}
        longest = max(figures.values(), default=0.0) or 1.0
        for name, cpu_us in figures.items():
            colour = COLOURS[proxies.index(name) % len(COLOURS)]
            label = f"{workload} · {name}"
            parts.append(bar(y, label, cpu_us, cpu_us / longest, colour))
            y += ROW_HEIGHT
        y += ROW_HEIGHT // 2
    width = LABEL_WIDTH + PLOT_WIDTH + 80
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" '
        'font-family="sans-serif" font-size="12">'
        '<rect width="100%" height="100%" fill="white"/>'
        '<text x="8" y="18" font-weight="bold">CPU of the proxy per request, '
        "microseconds; shorter is better</text>" + "".join(parts) + "</svg>\n"
    )


def bar(y: int, label: str, cpu_us: float, share: float, colour: str) -> str:
    """Return one bar with its label and its figure."""
    length = PLOT_WIDTH * share
    return (
        f'<text x="{LABEL_WIDTH - 8}" y="{y + 12}" text-anchor="end">'
        f"{escape(label)}</text>"
        f'<rect x="{LABEL_WIDTH}" y="{y + 2}" width="{length:.1f}" '
        f'height="{ROW_HEIGHT - 5}" fill="{colour}"/>'
        f'<text x="{LABEL_WIDTH + length + 5:.1f}" y="{y + 12}">{cpu_us:.2f}</text>'
    )
