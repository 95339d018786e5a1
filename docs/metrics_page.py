"""The page of all statistics, made from the table of metrics."""

from collections.abc import Sequence
from typing import Final

from twemproxy.stats.metrics import POOL, PROCESS, SERVER, Metric
from twemproxy.stats.prometheus import REQUEST_TIME, SERVER_TIME, exported_name

HEAD: Final = """\
# What is counted

```console
$ nc 127.0.0.1 22222 </dev/null
{"service":"nutcracker", "source":"host1", "version":"0.5.0", "uptime":7, ...
```

Every connection to the statistics port (`-s`, `-a`) gets one JSON document and is
closed. Pools are objects by name in it, servers are objects by name in their pool.
Figures are those of the moment, all workers added up. Rows with a mark in the column
*C* are also in the C program's document, under the same name and with the same
meaning, but for the differences told in [compatibility](compatibility.md).
This page is made from the table of metrics by `make docs`.
"""
TIMES: Final = f"""
## Times

| on the metrics page | of each | time |
|---|---|---|
| `{REQUEST_TIME}` | pool | from a request's arrival to its reply |
| `{SERVER_TIME}` | server | from queueing for the server to its response |

Both are histograms. The metrics page, served on `--metrics-port`, also has
`twemproxy_build_info`, `twemproxy_workers`, `twemproxy_start_time_seconds`,
`twemproxy_config_generation` and `twemproxy_config_reloads_failed_total`; see
[monitoring](monitoring.md).
"""
SCOPES: Final = (
    ("Of the process", PROCESS),
    ("Of a pool", POOL),
    ("Of a server", SERVER),
)


def page() -> str:
    """Return the page."""
    return HEAD + "".join(section(title, rows) for title, rows in SCOPES) + TIMES


def section(title: str, metrics: Sequence[Metric]) -> str:
    """Return the table of one scope."""
    head = "| name | kind | C | counts | on the metrics page |"
    lines = ["", f"## {title}", "", head, "|---|---|---|---|---|"]
    for row in metrics:
        mark = "✓" if row.original else ""
        text = row.text.replace("# ", "number of ", 1)
        exported = exported_name(row) + ("_total" if row.kind == "counter" else "")
        lines.append(f"| `{row.name}` | {row.kind} | {mark} | {text} | `{exported}` |")
    return "\n".join([*lines, ""])
