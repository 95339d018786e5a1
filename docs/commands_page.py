"""The page that says of each command whether it works and where it goes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from twemproxy.config.model import PoolConfig
from twemproxy.wire import rule
from twemproxy.wire.memcache import commands as memcache
from twemproxy.wire.redis import answers
from twemproxy.wire.redis import commands as redis

HEAD: Final = """\
# Which commands work

    $ redis-cli -p 22121 mget here there
    1) "1"
    2) "2"
    $ redis-cli -p 22121 multi
    (error) {refusal}

A key decides which server gets a command. What has no single answer to "which
server?" is split, sent to all servers, answered by the proxy, or refused with a
reason, which leaves the connection open. This page is made from the
command tables by `make docs`.

| How | Meaning |
|---|---|
{legend}
"""

HOW: Final = {
    rule.LOCAL: ("proxy", "The proxy answers without asking a server."),
    rule.SINGLE: ("key", "The server of its key."),
    rule.SPLIT_VALUES: ("split, values", "One part for each server, values joined."),
    rule.SPLIT_COUNT: ("split, sum", "One part for each server, numbers added up."),
    rule.SPLIT_PAIRS: ("split, pairs", "One part for each server, one OK."),
    rule.SAME: (
        "same server",
        "All its keys must live on one server, else `CROSSSLOT`; with"
        " `strict_keys: false` the first key decides. Without keys: any server.",
    ),
    rule.ANY: ("any server", "The server that owns the key `placeholder`."),
    rule.FANOUT: ("all servers", "Every server, answers merged into one."),
    rule.REFUSED: ("no", "An error that gives the reason."),
}

MERGE: Final = {
    rule.SUM: "numbers added up",
    rule.CONCAT: "answers joined",
    rule.CURSOR: "one cursor walks all servers in turn",
    rule.RANDOM: "one that is not empty is picked",
    rule.STATUS: "OK when all say OK",
    rule.FIRST: "the first answer when all succeed",
    rule.MINIMUM: "the smallest number",
    rule.ONE_OK: "OK when one says OK",
    rule.RUNNING: "that of a server which runs a script",
    rule.STATISTICS: (
        "the proxy's own counts, the servers' numbers added up;"
        " with a word behind it, the lines of the one server as they come, of several"
        " behind their names; `stats reset` is for the servers, the proxy counts on"
    ),
}

WHERE: Final = {
    rule.AFTER_STREAMS: "keys after `STREAMS`",
    rule.AFTER_STORE: "and the key after `STORE`",
    rule.AFTER_KEYS: "or keys after `KEYS`",
    rule.AFTER_SORT: "and what `STORE`, `BY`, `GET` name; patterns need a hash tag",
}

DENIED: Final = PoolConfig._field_defaults["deny_commands"]
UNLESS_DENIED: Final = "only with a [`deny_commands`](configuration.md) without it"

Row = redis.Command | memcache.Command


def spelled(row: Row) -> str:
    """Return the command as one would type it."""
    name = row.name.decode().replace("|", " ").upper()
    return name + "*" if row.flags & rule.PREFIX else name


def remarks(row: Row) -> Iterable[str]:
    """Yield what is special about a row, the reason of a refusal first."""
    if row.how == rule.REFUSED:
        yield row.reason.decode()
    elif row.merge in MERGE:
        yield MERGE[row.merge]
    if isinstance(row, redis.Command):
        if row.name.decode() in DENIED:
            yield UNLESS_DENIED
        if row.numkeys and row.how == rule.SAME:
            yield "keys after their number"
        if row.where in WHERE:
            yield WHERE[row.where]
        if row.flags & rule.BLOCK_OPTION:
            yield "not with `BLOCK`"
        if row.flags & rule.DB_OPTION:
            yield "not with `DB`, but for the database of the pool"
    elif row.noreply:
        yield "`noreply` too"


def is_bare_container(row: Row) -> bool:
    """Tell whether a row says nothing that those of its subcommands do not."""
    return bool(row.flags & rule.SUBCOMMANDS) and row.name != b"command"


def table(rows: Iterable[Row], spell: bool) -> str:
    """Return a table with one line per command."""
    lines = ["| Command | How | |", "|---|---|---|"]
    for row in rows:
        if not is_bare_container(row):
            name = spelled(row) if spell else row.name.decode()
            lines.append(
                f"| `{name}` | {HOW[row.how][0]} | {'; '.join(remarks(row))} |"
            )
    return "\n".join(lines)


def chapter(title: str, families: Mapping[str, Sequence[Row]], spell: bool) -> str:
    """Return one protocol: a heading, then a table for each family."""
    parts = [f"## {title}"]
    for name, rows in families.items():
        parts += [f"### {name}", table(rows, spell)]
    return "\n\n".join(parts) + "\n"


def page() -> str:
    """Return the whole page."""
    refusal = answers.refused(b"multi", redis.COMMANDS[redis.ROW[b"multi"]].reason)
    legend = "\n".join(f"| {word} | {meaning} |" for word, meaning in HOW.values())
    return "\n".join(
        [
            HEAD.format(refusal=refusal.decode().strip("-\r\n"), legend=legend),
            chapter("Redis and Valkey", redis.FAMILIES, spell=True),
            chapter("memcached", memcache.FAMILIES, spell=False),
        ]
    )
