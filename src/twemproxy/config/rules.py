"""What a pool as a whole must have, and what pools must not share."""

import io
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

from twemproxy.config.model import CommandRule, ServerConfig
from twemproxy.config.problems import Phase, Problem, show
from twemproxy.config.settings import BY_KEY
from twemproxy.config.values import expectation

T = TypeVar("T")

PASSWORDS: Final = ("redis_auth", "redis_auth_file", "redis_auth_env")
MAX_PASSWORD_BYTES: Final = 4096


class Draft:
    """A pool while it is read: its values so far, and where they stand."""

    def __init__(self, name: str, line: int) -> None:
        """Start with nothing but a name."""
        self.name = name
        self.line = line
        self.listless = False  # so its shape is wrong, and that is told
        self.values: dict[str, Any] = {}  # by field
        self.lines: dict[str, int] = {}  # by key, wrong values included
        self.servers: list[tuple[ServerConfig, int]] = []
        self.listed: dict[str, list[tuple[Any, int]]] = {}  # by key, each with its line
        self.late: list[Problem] = []  # values wrong in a way that is told late


def placement(label: str) -> tuple[int, bytes]:
    """Give the sort key of servers and pools: the shorter first, then bytewise."""
    raw = label.encode()
    return len(raw), raw


def check_pool(pool: Draft) -> Iterator[Problem]:
    """Check what needs all keys of one pool, in the C program's order."""
    if "listen" not in pool.lines:
        reason = 'conf: directive "listen:" is missing'
        expected = expectation(BY_KEY["listen"])
        yield _of_pool(pool, "no 'listen'", expected, reason)
    yield from pool.late
    for key in PASSWORDS:
        if key in pool.values and not pool.values.get("redis", _unsure(pool)):
            reason = f'conf: directive "{key}:" is only valid for a redis pool'
            found = f"'{key}' in a memcached pool"
            yield _of_pool(pool, found, "'redis: true'", reason, key)
    yield from find_password(pool)
    if "servers" not in pool.lines and not pool.listless:
        reason = f"conf: pool '{pool.name}' has no servers"
        yield _of_pool(pool, "no servers", expectation(BY_KEY["servers"]), reason)
    for (one, first), (two, second) in _twins(pool.servers, _label):
        reason = f"conf: pool '{pool.name}' has servers with same name '{one.label}'"
        found = f"server {show(two.label)} again, the first is on line {first}"
        where = f"{pool.name}.servers"
        yield Problem(Phase.POOLS, second, where, found, "another name", (reason,))
    rules = pool.listed.get("commands", ())
    for (one, first), (_, second) in _twins(rules, _command):
        reason = f"conf: pool '{pool.name}' has two lines for command '{one.name}'"
        found = f"{show(one.name)} again, the first is on line {first}"
        where = f"{pool.name}.commands"
        yield Problem(Phase.POOLS, second, where, found, "one line", (reason,))


def find_password(pool: Draft) -> Iterator[Problem]:
    """Read the password from where the pool says it is, and nowhere else."""
    given = [key for key in PASSWORDS if key in pool.values]
    if len(given) > 1:
        reason = f'conf: directive "{given[1]}:" is a duplicate'
        found = f"'{given[1]}' beside '{given[0]}'"
        yield _of_pool(pool, found, "one password", reason, given[1])
    elif given and given[0] != "redis_auth":
        (key,) = given
        place = pool.values[key]
        pool.values["redis_auth"], why = _read_password(key, place)
        if not pool.values["redis_auth"]:
            reason = f'conf: directive "{key}:" leads to no password'
            found = f"no password in {show(place.decode())}{why}"
            yield _of_pool(pool, found, "a password", reason, key)


def _read_password(key: str, place: bytes) -> tuple[bytes, str]:
    """Return what stands in a place of that kind, or why it cannot be read."""
    try:
        read = _from_file if key == "redis_auth_file" else _from_env
        return read(place), ""
    except OSError as failure:
        return b"", f": {failure.strerror or failure}"
    except ValueError:  # a zero byte in the path
        return b"", ": no path"


def _from_file(path: bytes) -> bytes:
    """Return the first line of a file."""
    with io.FileIO(path) as file:
        return (file.read(MAX_PASSWORD_BYTES) or b"").partition(b"\n")[0].strip(b"\r")


def _from_env(name: bytes) -> bytes:
    return os.environb.get(name, b"")


def _unsure(pool: Draft) -> bool:
    """Tell that `redis` is there but wrong, which is reported already."""
    return "redis" in pool.lines


def check_pools(pools: Iterable[Draft], file: str) -> Iterator[Problem]:
    """Check what two pools must not share."""
    listening = [pool for pool in pools if "listen" in pool.values]
    for one, two in _twins(listening, _listen_text):
        address = _listen_text(one)
        reason = (
            f"conf: pools '{one.name}' and '{two.name}' have the same listen "
            f"address '{address}'"
        )
        found = f"{show(address)}, where pool {show(one.name)} listens already"
        where, line = f"{two.name}.listen", two.lines["listen"]
        yield Problem(Phase.LISTEN, line, where, found, "another address", (reason,))
    for one, two in _twins(pools, lambda pool: pool.name):
        reason = f"conf: '{file}' has pools with same name {one.name}'"
        found = f"a second pool {show(one.name)}, the first is on line {one.line}"
        yield Problem(Phase.NAMES, two.line, "", found, "another name", (reason,))


def _of_pool(
    pool: Draft, found: str, expected: str, reason: str, key: str = ""
) -> Problem:
    """Report what is wrong with a pool, at a key of it where one is to blame."""
    line = pool.lines.get(key, pool.line)
    where = f"{pool.name}.{key}" if key else pool.name
    return Problem(Phase.POOLS, line, where, found, expected, (reason,))


def _label(placed: tuple[ServerConfig, int]) -> str:
    return placed[0].label


def _command(placed: tuple[CommandRule, int]) -> str:
    return placed[0].name


def _listen_text(pool: Draft) -> str:
    return str(pool.values["listen"].text)


def _twins(items: Iterable[T], key: Callable[[T], str]) -> list[tuple[T, T]]:
    """Pairs with the same key, in the order in which the C program finds them."""
    ordered = sorted(items, key=lambda item: placement(key(item)))
    pairs = itertools.pairwise(ordered)
    return [(one, two) for one, two in pairs if key(one) == key(two)]
