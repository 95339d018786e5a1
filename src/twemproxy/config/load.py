"""From a file to a `Config`, or to the list of everything that is wrong with it.

The passes are the C program's: the shape of the whole file, then keys in file order,
then what a pool as a whole must have, then what pools must not share. A pass goes on
after a mistake so that one run shows them all; what only follows from an earlier
mistake is not reported.
"""

import difflib
import io
from collections.abc import Iterable
from typing import Any, Final

from twemproxy.config.address import (
    Resolve,
    parse_listen,
    parse_server,
    resolve_host,
)
from twemproxy.config.document import Node, compose
from twemproxy.config.merge import Expansion
from twemproxy.config.model import Config, PoolConfig
from twemproxy.config.problems import (
    MAX_REPORTED,
    ConfigFileError,
    Phase,
    Problem,
    show,
)
from twemproxy.config.rules import Draft, check_pool, check_pools, placement
from twemproxy.config.settings import BY_KEY, LISTED, SETTINGS, Kind, Setting
from twemproxy.config.shape import check_shape
from twemproxy.config.values import Unfit, expectation, parse_listed, parse_value

# Far above any real file; what stops ``-c /dev/zero``.
MAX_FILE_BYTES: Final = 16 * 1024 * 1024

# Comparing words costs their product; a key that long is no typing mistake.
_MAX_COMPARED: Final = 64


def load(path: str, resolve: Resolve = resolve_host) -> Config:
    """Read the file at `path`; raise `ConfigFileError` if it cannot be used."""
    try:
        # Not pathlib's open: to it an empty name is the current directory.
        with io.BufferedReader(io.FileIO(path)) as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except IsADirectoryError:
        raise ConfigFileError(path, [_unread("a directory", "a file")]) from None
    except OSError as error:
        raise ConfigFileError(path, [_unopened(path, error)]) from None
    return parse(data, path, resolve)


def parse(data: bytes, file: str, resolve: Resolve = resolve_host) -> Config:
    """Read `data`; `file` is the name that messages give it."""
    if len(data) > MAX_FILE_BYTES:
        expected = f"at most {MAX_FILE_BYTES} bytes"
        raise ConfigFileError(file, [_unread("a larger file", expected)])
    root = compose(data, file)
    problems, readable = check_shape(root, file)
    if not readable:
        raise ConfigFileError(file, problems)
    loader = _Loader(file, resolve, problems)
    config = loader.config(root)
    if loader.problems:
        raise ConfigFileError(file, loader.problems)
    return config


def _unopened(path: str, error: OSError) -> Problem:
    why = error.strerror or str(error)
    reason = f"conf: failed to open configuration '{path}': {why}"
    return Problem(Phase.OPEN, 0, "", why, "a file that can be read", (reason,))


def _unread(found: str, expected: str) -> Problem:
    # The C program opens such a thing and then fails to read text.
    reason = "conf: failed (err 2) to get the next yaml document"
    return Problem(Phase.SYNTAX, 0, "", found, expected, (reason,))


class _Loader:
    """Turns a tree of the right shape into pools, collecting problems."""

    def __init__(self, file: str, resolve: Resolve, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        self._listless = {(problem.line, problem.where) for problem in problems}
        self._resolve = _remember(resolve)

    def config(self, root: Node) -> Config:
        pools = self._read(root)
        if not pools:
            reason = f"conf: '{self.file}' has no pools"
            self._say(Problem(Phase.POOLS, 0, "", "no pools", "some", (reason,)))
        for pool in pools:
            self.problems.extend(check_pool(pool))
        self.problems.extend(check_pools(pools, self.file))
        return Config(()) if self.problems else _freeze(pools)

    def _read(self, root: Node) -> list[Draft]:
        expansion = Expansion(root)
        pools = []
        for name, body in root.pairs:
            pool = Draft(name.text, name.line)
            pool.listless = (name.line, name.text) in self._listless
            if not name.text:
                self._empty(name, "", "the name of a pool")
            for key, value in expansion.settings(body):
                self._entry(pool, key, value)
            pools.append(pool)
            if expansion.spent:
                self._say(expansion.problem(name))
                break
        return pools

    def _say(self, problem: Problem) -> None:
        self.problems.append(problem)

    def _entry(self, pool: Draft, key: Node, value: Node) -> None:
        """Handle ``key: value``, or each item of ``key: [items]``."""
        items = value.items if value.kind == "sequence" else [value]
        setting = BY_KEY.get(key.text)
        if not key.text:
            self._empty(key, pool.name, "a key")
        elif setting is None:
            if any(not item.text for item in items[:1]):
                # The C program reads the value first, and is silent about it.
                self._empty(items[0], f"{pool.name}.{key.text}", "a value")
            self._unknown(pool, key)
        elif setting.kind in LISTED:
            self._list(pool, setting, key, items)
        else:
            for item in items:
                self._value(pool, setting, item)

    def _list(
        self, pool: Draft, setting: Setting, key: Node, items: list[Node]
    ) -> None:
        """Handle a list that may be written as one value, too."""
        where = f"{pool.name}.{setting.key}"
        if setting.key in pool.lines:
            self._twice(pool, setting, key, where)
            return
        found: list[tuple[object, int]] = []
        for item in items:
            if not item.text:
                self._empty(item, where, expectation(setting))
                continue
            try:
                found += [
                    (value, item.line) for value in parse_listed(setting, item.text)
                ]
            except Unfit as unfit:
                self._unfit(pool, setting, item, unfit)
        pool.values[setting.field] = tuple(value for value, _line in found)
        pool.listed[setting.key] = found
        pool.lines[setting.key] = key.line

    def _twice(self, pool: Draft, setting: Setting, node: Node, where: str) -> None:
        """Report a key that was given before."""
        first = f"a second '{setting.key}', the first is on line "
        found = first + str(pool.lines[setting.key])
        reason = f'conf: directive "{setting.key}" is a duplicate'
        self._say(Problem(Phase.KEYS, node.line, where, found, "one", (reason,)))

    def _value(self, pool: Draft, setting: Setting, item: Node) -> None:
        where = f"{pool.name}.{setting.key}"
        if not item.text:
            self._empty(item, where, expectation(setting))
        elif setting.key in pool.lines and setting.kind is not Kind.SERVERS:
            self._twice(pool, setting, item, where)
        else:
            try:
                self._take(pool, setting, item)
            except Unfit as unfit:
                self._unfit(pool, setting, item, unfit)
        pool.lines.setdefault(setting.key, item.line)

    def _take(self, pool: Draft, setting: Setting, item: Node) -> None:
        if setting.kind is Kind.SERVERS:
            pool.servers.append((parse_server(item.text), item.line))
        elif setting.kind is Kind.LISTEN:
            pool.values[setting.field] = parse_listen(item.text, self._resolve)
        else:
            pool.values[setting.field] = parse_value(setting, item.text)

    def _unfit(self, pool: Draft, setting: Setting, item: Node, unfit: Unfit) -> None:
        found = "a value that is not shown" if setting.secret else show(item.text)
        phase, colon = (Phase.POOLS, ":") if unfit.late else (Phase.KEYS, "")
        own = f'conf: directive "{setting.key}{colon}" {unfit.suffix}'
        reasons = (unfit.before, own) if unfit.before else (own,)
        where = f"{pool.name}.{setting.key}"
        hint = self._nearest(item.text, setting.choices)
        problems = pool.late if unfit.late else self.problems
        problems.append(
            Problem(phase, item.line, where, found, unfit.expected, reasons, hint)
        )

    def _unknown(self, pool: Draft, key: Node) -> None:
        reason = f'conf: directive "{key.text}" is unknown'
        hint = self._nearest(key.text, BY_KEY)
        found, expected = f"unknown key {show(key.text)}", "a known key"
        self._say(
            Problem(Phase.KEYS, key.line, pool.name, found, expected, (reason,), hint)
        )

    def _empty(self, node: Node, where: str, expected: str) -> None:
        """Report an empty scalar, about which the C program logs nothing."""
        self._say(Problem(Phase.KEYS, node.line, where, show(""), expected))

    def _nearest(self, word: str, known: Iterable[str]) -> str:
        if len(self.problems) > MAX_REPORTED or len(word) > _MAX_COMPARED:
            return ""
        close = difflib.get_close_matches(word.lower(), list(known), n=1)
        return f"did you mean '{close[0]}'?" if close else ""


def _freeze(pools: Iterable[Draft]) -> Config:
    frozen = []
    for pool in sorted(pools, key=lambda pool: placement(pool.name)):
        fields: dict[str, Any] = {
            setting.field: pool.values.get(setting.field, setting.default)
            for setting in SETTINGS
        }
        servers = [server for server, _line in pool.servers]
        servers.sort(key=lambda server: placement(server.label))
        fields["servers"] = tuple(servers)
        frozen.append(PoolConfig(name=pool.name, **fields))
    return Config(tuple(frozen))


def _remember(resolve: Resolve) -> Resolve:
    """Ask once per host however many pools listen on it."""
    answers: dict[str, str] = {}

    def ask(host: str, port: int) -> str:
        if host not in answers:
            answers[host] = resolve(host, port)
        return answers[host]

    return ask
