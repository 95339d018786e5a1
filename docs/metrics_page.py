"""The page of all statistics, made from the table of metrics."""

from collections.abc import Sequence
from typing import Final

from twemproxy.stats.metrics import (
    POOL,
    PROCESS,
    REQUEST_TIMES,
    SERVER,
    SERVER_TIMES,
    Metric,
)
from twemproxy.stats.prometheus import REQUEST_TIME, SERVER_TIME, exported_name

HEAD: Final = """\
# What is counted

```console
$ nc 127.0.0.1 22222 </dev/null
{"service":"nutcracker", "source":"host1", "version":"0.5.0", "uptime":7, ...
```

Every connection to the statistics port (`-s`, `-a`) gets one JSON document and is
closed. Pools are objects by name in it, servers are objects by name in their pool.
Figures are those of the moment, all workers added up; bytes of clients that stay, and
those that are held, are up to a second old. Rows with a mark in the column
*C* are also in the C program's document, under the same name and with the same
meaning, but for the differences told in [compatibility](compatibility.md).
This page is made from the table of metrics by `make docs`.

## Of the document

| name | C | tells |
|---|---|---|
| `service`, `source` | ✓ | `nutcracker`, and the name of the host |
| `version` | ✓ | the version of the C program that this one stands in for |
| `uptime`, `timestamp` | ✓ | seconds since the start; the time in seconds since 1970 |
| `release` | | the version of this program |
| `workers` | | how many there are |
| `generation` | | the number of the configuration in force, 1 at the start |
"""
PER_WORKER: Final = """
The metrics page has these for each `worker`. A *mark* is there alone, not in the
document; `total_connections` and `curr_connections` count listening sockets in the
document, as in the C program's, and not there.
"""
TIMES: Final = """
## Times

| on the metrics page | of each | time |
|---|---|---|
{rows}

These are histograms, always on; buckets are powers of two from 64 µs to 17 s.

* A request begins when all of it has arrived and ends when its reply is on its way to
  the client: times in a server, and behind earlier requests of the same client.
* It waits in the *queue* of a server while the connection is being made, while the
  server takes no more from it, and, when many clients ask at once, for the few ticks
  in which requests [gather](decisions/batching.md). Else this is nothing.
* What a request waits on the server for those sent before it over the same connection
  is *server* time: the proxy cannot tell it from work. `out_queue` counts them.
* Parts of a split request count for their servers one by one. A part that fails has no
  server time, one that was never written no queue time; those show in `server_err`
  and `server_timedout`.
* Times are those of the event loop: what arrives in one tick has one time.

The label `class` of `{requests}` is one of

| class | commands |
|---|---|
{classes}

The metrics page, served on `--metrics-port`, also has
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
    sections = [section(title, rows) for title, rows in SCOPES]
    sections[0] += PER_WORKER
    return HEAD + "".join(sections) + times()


def times() -> str:
    """Return the section about histograms."""
    rows = [
        f"| `{REQUEST_TIME}` | pool, class | from a request's arrival to its reply |"
    ]
    for row in SERVER_TIMES:
        rows.append(f"| `{SERVER_TIME[row.name]}` | server | {row.text} |")
    classes = [f"| `{row.name}` | {row.text} |" for row in REQUEST_TIMES]
    return TIMES.format(
        rows="\n".join(rows), classes="\n".join(classes), requests=REQUEST_TIME
    )


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
