"""Every number the proxy counts: one row per metric.

The stats document, `-D` and the docs are made from these rows;
the hot side has the same slots in `counters`, and a test compares the two.

A worker counts in a region of shared memory: blocks of `BLOCK_SLOTS` signed 64-bit
slots. Block 0 is the process, each pool and each server has one of its own. Behind its
numbers a block has histograms of times: first the sum, then the buckets.
"""

from typing import Final, Literal, NamedTuple

BLOCK_SLOTS: Final = 192
BLOCK_BYTES: Final = BLOCK_SLOTS * 8
PROCESS_BLOCK: Final = 0
HISTOGRAMS_SLOT: Final = 32  # the first one's
HISTOGRAM_SLOTS: Final = 24
HISTOGRAM_BUCKETS: Final = 23
FIRST_BOUND_US: Final = 16  # of the first bucket; each other one's is twice as much

Scope = Literal["process", "pool", "server"]
Kind = Literal["counter", "gauge", "timestamp", "mark"]


class Metric(NamedTuple):
    """One slot: what it is called and how the workers' values become one.

    Counters and gauges add up, of timestamps the latest counts, marks are the
    supervisor's alone. `original` rows are those of the C program.
    """

    scope: Scope
    slot: int
    name: str
    kind: Kind
    text: str
    original: bool


Row = tuple[str, Kind, str]


def _rows(
    scope: Scope, original: tuple[Row, ...], ours: tuple[Row, ...]
) -> tuple[Metric, ...]:
    """Give each row the slot of its place in the table."""
    rows = [(row, True) for row in original] + [(row, False) for row in ours]
    return tuple(Metric(scope, i, *row, old) for i, (row, old) in enumerate(rows))


PROCESS: Final = _rows(
    "process",
    original=(
        ("total_connections", "counter", "# connections since start, of all sorts"),
        ("curr_connections", "gauge", "# connections now, of all sorts"),
    ),
    ours=(
        ("heartbeat", "mark", "monotonic ms of the last tick"),
        ("buffered_bytes", "gauge", "bytes held for clients and servers"),
        ("paused_clients", "gauge", "# clients not read from for now"),
        ("client_refused", "counter", "# clients refused: descriptors"),
        ("generation", "mark", "configuration in force"),
        ("loop_ticks", "counter", "# event loop passes"),
        ("max_buffered_bytes", "gauge", "bytes that may be held"),
    ),
)

POOL: Final = _rows(
    "pool",
    original=(
        ("client_eof", "counter", "# eof on client connections"),
        ("client_err", "counter", "# errors on client connections"),
        ("client_connections", "gauge", "# active client connections"),
        ("server_ejects", "counter", "# times backend server was ejected"),
        ("forward_error", "counter", "# times we encountered a forwarding error"),
        ("fragments", "counter", "# fragments created from a multi-vector request"),
    ),
    ours=(
        ("client_requests", "counter", "# requests of clients"),
        ("client_responses", "counter", "# responses to clients, local ones too"),
        ("client_errors", "counter", "# error responses because a server failed"),
        ("abandoned", "counter", "# requests whose client left early"),
        ("local_answers", "counter", "# requests the proxy answered or refused itself"),
        ("client_refused", "counter", "# clients refused, whatever the limit"),
        ("client_bytes_in", "counter", "bytes read from clients"),
        ("client_bytes_out", "counter", "bytes written to clients"),
        ("protocol_errors", "counter", "# clients that broke the protocol"),
        ("client_timedout", "counter", "# clients closed because they took too long"),
    ),
)

SERVER: Final = _rows(
    "server",
    original=(
        ("server_eof", "counter", "# eof on server connections"),
        ("server_err", "counter", "# errors on server connections"),
        ("server_timedout", "counter", "# timeouts on server connections"),
        ("server_connections", "gauge", "# active server connections"),
        (
            "server_ejected_at",
            "timestamp",
            "timestamp when server was ejected in usec since epoch",
        ),
        ("requests", "counter", "# requests"),
        ("request_bytes", "counter", "total request bytes"),
        ("responses", "counter", "# responses"),
        ("response_bytes", "counter", "total response bytes"),
        ("in_queue", "gauge", "# requests in incoming queue"),
        ("in_queue_bytes", "gauge", "current request bytes in incoming queue"),
        ("out_queue", "gauge", "# requests in outgoing queue"),
        ("out_queue_bytes", "gauge", "current request bytes in outgoing queue"),
    ),
    ours=(
        ("connects", "counter", "# connections tried"),
        ("ejected", "gauge", "# workers that have it ejected"),
        ("swallowed", "counter", "# responses nobody waited for any more"),
    ),
)

TABLE: Final = PROCESS + POOL + SERVER


class Histogram(NamedTuple):
    """Times of one kind, from its slot on; a pool's kinds are classes of commands."""

    slot: int
    name: str
    text: str


def _histograms(*rows: tuple[str, str]) -> tuple[Histogram, ...]:
    """Give each row the slots of its place in the table."""
    return tuple(
        Histogram(HISTOGRAMS_SLOT + i * HISTOGRAM_SLOTS, *row)
        for i, row in enumerate(rows)
    )


REQUEST_TIMES: Final = _histograms(
    ("read", "commands that one server answers and that change nothing"),
    ("write", "commands that one server answers and that may change keys"),
    ("split", "commands with many keys, split between the servers of the keys"),
    ("fanout", "commands for all servers"),
    ("script", "scripts and functions, run by one server"),
    ("local", "what the proxy answers itself, refusals too"),
)
SERVER_TIMES: Final = _histograms(
    ("queue", "from a request's queueing for the server until it is written whole"),
    ("server", "from then until the response"),
)
