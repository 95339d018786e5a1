"""The page about hostile input: limits to set, and the table of grammar decisions."""

from collections.abc import Sequence
from typing import Final

from docs.attacks import ATTACKS
from docs.grammar import FATES, MEMCACHE, REDIS, Case

SHOWN: Final = 44  # bytes of a case; the tests have all of them

HEAD: Final = """\
# Hardening

    $ printf 'POST / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' | nc 127.0.0.1 22121
    -ERR Protocol error: this is HTTP, and not spoken here

[SECURITY.md](../SECURITY.md) says who the attacker is and what is promised. This page
says what to set where strangers can connect, and what becomes of odd bytes. It is made
from tables by `make docs`, and tests send every case through a running proxy.

## What to set

| in a pool | why |
|---|---|
| `listen: 127.0.0.1:…` or a UNIX socket with permissions | who cannot connect cannot attack |
| `redis_auth_file: /etc/nutcracker/password` | a password that is in no configuration; before it is said, a request has at most 10 arguments of 16 KiB |
| `client_connections` | one pool cannot take the descriptors of the others |
| `client_accept_rate` | a storm of connections waits in the backlog |
| `client_idle_timeout` | abandoned connections end |
| `client_request_timeout` | ends who sends a byte now and then; 64 KiB earn the same time again |
| `client_auth_timeout` | ends who never says the password |
| `max_request_bytes`, `max_request_keys` | far lower than the defaults if your clients allow it |
| `max_client_output_bytes`, `max_in_flight` | what one client that does not read may cost |
| `max_process_bytes` | what all of them together may cost |
| `timeout` | a frozen server does not keep what waits for it |

## When memory is short

Below 7/8 of `max_process_bytes` nobody notices anything. Above, connections that hold
more than 64 KiB are not read, and servers not while the next response is for such a
client. At the cap nobody is read who could hold more, but for one unfinished message at
a time, which may become whole, and for the reply to the oldest request of a client that
reads. Nothing is dropped and nothing changes its place. Below the cap those are read
again who hold little, below 3/4 everybody. Who meanwhile takes less than 64 KiB of the
replies that wait for him in ten seconds, or sends less of a request he has begun, is
closed: those who hold the most first, until 3/4 are enough. `buffered_bytes`,
`max_buffered_bytes` and `paused_clients` in the statistics show it, and log lines, one
at the beginning, one at the end, and one for each who is closed. Requests under way are
not among these bytes: each takes about 160, as does each part of one that is split.

Where the system itself gives no more (`ulimit -v`), the connection whose message is too
long for what is left ends with `Cannot allocate memory`: a client's alone, a server's for
all who wait on it. What is left must be as much again as the message, for one that is
split or joined is copied. A request that is looked at word by word or written anew, such
as `SCRIPT LOAD`, takes up to four times as much; without that it is answered with the
same error. Where even small things find no memory, the worker ends and another one takes
its place. Set `max_process_bytes` well below.

## When descriptors are short

A process keeps 32 to 96 descriptors in reserve for itself, counts those that its servers may
need, and turns away the clients that are left over. Redis servers count twice, as clients
that speak RESP3 have connections of their own, but half of what is left then is for
clients in every case. If accepting fails all the same, the listener rests for 100
milliseconds, with one log line each time.

The kernel goes on answering for a while until its backlog is full, so clients wait
rather than fail, and those who are connected notice nothing.

## When a connection ends

A client that says QUIT, or what is not the protocol, gets all replies it is owed. The
proxy then closes its half and goes on reading, so that no reset overtakes the replies:
1 MiB is read and dropped, and after two seconds the connection is closed, whether the
client has closed its half or not. Whoever is heard out like that makes room when there
are too many clients.

## Redis: what becomes of odd bytes

What the proxy understands by a sequence of bytes, the server behind it understands too:
a request is passed on byte for byte if there is only one way to read it, written anew if
it is understood but not canonical, and refused otherwise. An error ends with the
connection, after the replies to all that came before it. One line in the log tells of it.

"""

MEMCACHE_HEAD: Final = """
## memcached: what becomes of odd bytes

memcached itself is lenient: a lone LF ends a line, a zero byte cuts it, a length keeps 32
bits, and the data that belong to a refused line are read as commands. Here a line is
passed on if everybody reads it alike, and refused data are swallowed with their line.

"""

ATTACKS_HEAD: Final = """
## Attacks and their tests

Each of these is carried out on a running proxy by a test of `tests/adversity`; cases of
the tables above are in italics.

    $ make sanitize       # the tests, on modules that stop at the first wrong access
    $ make fuzz           # a minute for each target

| attack | protocol | tests |
|---|---|---|
"""


def page() -> str:
    """Return the page."""
    fates = "".join(f"* *{name}*: {text}\n" for name, text in FATES.items())
    redis, memcache = "\n".join(table(REDIS)), "\n".join(table(MEMCACHE))
    tables = f"{redis}\n{MEMCACHE_HEAD}{memcache}\n"
    return f"{HEAD}{fates}\n{tables}{ATTACKS_HEAD}" + "\n".join(attacks()) + "\n"


def attacks() -> list[str]:
    """One row for each attack."""
    return [
        f"| {attack.title} | {attack.protocol} | "
        + "<br>".join(
            [f"`{test}`" for test in attack.tests]
            + [f"*{title}*" for title in attack.cases]
        )
        + " |"
        for attack in ATTACKS
    ]


def table(cases: Sequence[Case]) -> list[str]:
    """One row for each case."""
    rows = [f"| {c.title} | {shown(c.sent)} | *{c.fate}* | {c.why} |" for c in cases]
    return ["| case | bytes | fate | |", "|---|---|---|---|", *rows]


def shown(sent: bytes) -> str:
    """Spell bytes as in a program, cut, so that a table can hold them."""
    text = repr(sent)[2:-1].replace("|", "\\|")
    return f"`{text[:SHOWN]}…`" if len(text) > SHOWN else f"`{text}`"
