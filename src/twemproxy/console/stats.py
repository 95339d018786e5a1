"""`nutcracker stats`: the statistics of a running proxy, this one or the C program."""

from collections.abc import Iterable
from typing import Final

from twemproxy.console.answers import DOCUMENT
from twemproxy.console.facts import Document, count, number, parts, text
from twemproxy.console.running import (
    Unreachable,
    add_running_words,
    address_of,
    find_running,
    is_named,
    read_document,
)
from twemproxy.console.words import complain, show, show_json, table, words

DEFAULT_PORT: Final = "22222"

# Heading and name of each column; a document without the name shows a dash.
POOL_COLUMNS: Final = (
    ("clients", "client_connections"),
    ("requests", "client_requests"),
    ("errors", "forward_error"),
    ("fragments", "fragments"),
    ("eof", "client_eof"),
    ("err", "client_err"),
    ("ejections", "server_ejects"),
)
SERVER_COLUMNS: Final = (
    ("conns", "server_connections"),
    ("requests", "requests"),
    ("responses", "responses"),
    ("in", "in_queue"),
    ("out", "out_queue"),
    ("eof", "server_eof"),
    ("err", "server_err"),
    ("timeouts", "server_timedout"),
    ("ejected", "ejected"),
)


def main(argv: list[str]) -> int:
    """Read the document, from the stats port unless a proxy was named, and print it."""
    parser = words("stats", __doc__ or "")
    add_running_words(parser).add_argument(
        "port",
        nargs="?",
        metavar="[ADDR:]PORT",
        help=f"the stats port (default: {DEFAULT_PORT})",
    )
    asked = parser.parse_args(argv)
    try:
        if is_named(asked):
            document = find_running(asked).get("/stats", DOCUMENT)
        else:
            port = DEFAULT_PORT if asked.port is None else asked.port
            document = read_document(address_of(port))
    except (OSError, Unreachable) as failure:
        return complain(str(failure))
    if asked.json:
        show_json(document)
    else:
        show(as_text(document))
    return 0


def as_text(document: Document) -> str:
    """Put the document as people read it."""
    head = [
        ("uptime", _duration(count(document, "uptime"))),
        ("connections", _cell(document, "curr_connections")),
        ("workers", _cell(document, "workers")),
        ("generation", _cell(document, "generation")),
    ]
    line = "  ".join(f"{name} {value}" for name, value in head)
    who = f"{text(document, 'source')}, version {text(document, 'version')}"
    pools = parts(document)
    if not pools:
        return f"{who}\n{line}\n"
    pool_rows = [("pool", *_headings(POOL_COLUMNS))]
    pool_rows += [(name, *_row(pool, POOL_COLUMNS)) for name, pool in pools]
    server_rows = [("pool", "server", *_headings(SERVER_COLUMNS))]
    for name, pool in pools:
        for label, server in parts(pool):
            server_rows.append((name, label, *_row(server, SERVER_COLUMNS)))
    return (
        f"{who}\n{line}\n\n{table(pool_rows, right=1)}\n{table(server_rows, right=2)}"
    )


def _headings(columns: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(heading for heading, _ in columns)


def _row(part: Document, columns: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(_cell(part, name) for _, name in columns)


def _cell(part: Document, name: str) -> str:
    value = number(part, name)
    return "-" if value is None else str(value)


def _duration(seconds: int) -> str:
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    clock = f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"
    return f"{days}d {clock}" if days else clock
