"""`nutcracker route`: how a key comes to its server, step by step."""

import argparse
import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from twemproxy.config.diff import address
from twemproxy.config.load import load
from twemproxy.config.model import Config, PoolConfig
from twemproxy.config.problems import ConfigFileError
from twemproxy.console.answers import DOCUMENT
from twemproxy.console.facts import count, within
from twemproxy.console.running import (
    Unreachable,
    add_running_words,
    address_of,
    find_running,
    read_document,
)
from twemproxy.console.words import complain, show, show_json, table, words
from twemproxy.errors import ConfigError
from twemproxy.ring import Placement, Ring

HEADINGS = ("key", "tag", "hash", "point", "server", "address", "state")


class Route(NamedTuple):
    """One key's way, and how its server fares."""

    placement: Placement
    address: str
    state: str


def main(argv: list[str]) -> int:
    """Explain every key that was given."""
    parser = words("route", __doc__ or "")
    parser.add_argument("pool", metavar="POOL")
    parser.add_argument("keys", nargs="+", metavar="KEY")
    add_running_words(parser).add_argument(
        "-c", "--conf-file", metavar="FILE", help="look there, not at a running proxy"
    )
    parser.add_argument(
        "--stats",
        metavar="[ADDR:]PORT",
        help="with -c: take ejections from this stats port",
    )
    asked = parser.parse_args(argv)
    if asked.stats and asked.conf_file is None:
        parser.error("--stats goes with -c: a running proxy tells its own ejections")
    try:
        config, document = _sources(asked)
        pool = _pool(config, asked.pool)
    except ConfigFileError as failure:
        return complain("\n".join(failure.report()))
    except (OSError, Unreachable, ConfigError) as failure:
        return complain(str(failure))
    keys = [os.fsencode(key) for key in asked.keys]
    routes = explain(pool, keys, ejections(pool, document))
    if asked.json:
        show_json([_as_json(route) for route in routes])
    else:
        show(table([HEADINGS, *map(_as_row, routes)]))
    return 0


def explain(
    pool: PoolConfig, keys: Iterable[bytes], ejected: Mapping[str, int]
) -> list[Route]:
    """Follow each key; `ejected` says how many workers have left a server out."""
    ring = Ring.from_pool(pool)
    for out in [label for label, workers in ejected.items() if workers]:
        ring.eject(out)
    where = {server.label: address(server) for server in pool.servers}
    routes = []
    for key in keys:
        placement = ring.explain(key)
        label = placement.server
        state = "live"
        if label is None:
            state = "all ejected"
        elif placement.moved:
            state = f"live, instead of {placement.home}, ejected"
        routes.append(Route(placement, where.get(label or "", ""), state))
    return routes


def ejections(pool: PoolConfig, document: Mapping[str, Any]) -> dict[str, int]:
    """Read from a stats document which servers are out."""
    counters = within(document, pool.name)
    return {
        server.label: count(within(counters, server.label), "ejected")
        for server in pool.servers
    }


def _sources(asked: argparse.Namespace) -> tuple[Config, Mapping[str, Any]]:
    if asked.conf_file is None:
        running = find_running(asked)
        return running.config(), running.get("/stats", DOCUMENT)
    document = read_document(address_of(asked.stats)) if asked.stats else {}
    return load(asked.conf_file), document


def _pool(config: Config, name: str) -> PoolConfig:
    for pool in config.pools:
        if pool.name == name:
            return pool
    names = ", ".join(pool.name for pool in config.pools)
    raise ConfigError(f"no pool '{name}', there are: {names}")


def _as_row(route: Route) -> tuple[str, ...]:
    placement = route.placement
    return (
        _shown(placement.key),
        _shown(placement.tag),
        "-" if placement.hash is None else str(placement.hash),
        "-" if placement.point is None else str(placement.point),
        placement.server or "-",
        route.address or "-",
        route.state,
    )


def _as_json(route: Route) -> dict[str, Any]:
    placement = route.placement
    return {
        **placement._asdict(),
        "key": _shown(placement.key),
        "tag": _shown(placement.tag),
        "address": route.address or None,
        "state": route.state,
    }


def _shown(key: bytes) -> str:
    return key.decode("utf-8", "backslashreplace")
