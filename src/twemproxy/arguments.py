"""The options of ``nutcracker``, read as the C program's getopt_long reads them.

One row per option: the usage text, the messages and the defaults come from it. The
long names of the C program win over ours when an abbreviation fits both, so a
command line that works there works here.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from twemproxy.config.values import parse_number
from twemproxy.control.options import Options
from twemproxy.errors import ConfigError

MAX_PORT: Final = 65535
MAX_WORKERS: Final = 1024
MAX_VERBOSITY: Final = 11
MIN_MBUF_BYTES: Final = 512
MAX_MBUF_BYTES: Final = 16 * 1024 * 1024

Value = str | int | float | bool
Reader = Callable[[str, str], Value]


class UsageError(ConfigError):
    """A command line that cannot be followed: show it with the usage, exit 1."""


class CommandLine(NamedTuple):
    """What was asked for; showing comes before testing, testing before running."""

    options: Options
    show_help: bool = False
    show_version: bool = False


def _read_text(_flag: str, text: str) -> str:
    return text


def _read_flag(_flag: str, _text: str) -> bool:
    return True


def _read_number(flag: str, text: str) -> int:
    value = parse_number(text)
    if value < 0:
        raise UsageError(f"option {flag} requires a number")
    return value


def _is_digits(text: str) -> bool:
    """Tell digits, which may be too many for `parse_number`, from other text."""
    return text.isascii() and text.isdecimal()


def _read_verbosity(flag: str, text: str) -> int:
    return min(_read_number(flag, text), MAX_VERBOSITY)


def _read_port(flag: str, text: str) -> int:
    if not _is_digits(text):
        raise UsageError(f"option {flag} requires a number")
    value = parse_number(text)
    if not 0 < value <= MAX_PORT:
        raise UsageError(f"option {flag} value {text} is not a valid port")
    return value


def _read_mbuf_size(flag: str, text: str) -> int:
    value = parse_number(text)
    if value == 0 or not _is_digits(text):
        raise UsageError(f"option {flag} requires a non-zero number")
    if not MIN_MBUF_BYTES <= value <= MAX_MBUF_BYTES:
        raise UsageError(
            f"mbuf chunk size must be between {MIN_MBUF_BYTES} and "
            f"{MAX_MBUF_BYTES} bytes"
        )
    return value


def _read_workers(flag: str, text: str) -> int:
    if text == "auto":
        return 0
    value = parse_number(text)
    if not 0 < value <= MAX_WORKERS:
        raise UsageError(f"option {flag} requires a number up to {MAX_WORKERS} or auto")
    return value


def _read_seconds(flag: str, text: str) -> float:
    whole, dot, rest = text.partition(".")
    if parse_number(whole) < 0 or (dot and parse_number(rest) < 0):
        raise UsageError(f"option {flag} requires a number")
    return float(text)


def _read_address(flag: str, text: str) -> str:
    """Read ``[addr:]port``; without an address only this machine may connect."""
    host, _, port = text.rpartition(":")
    _read_port(flag, port)
    return f"{host.strip('[]') or '127.0.0.1'}:{port}"


def _one_of(*names: str) -> Reader:
    def read(flag: str, text: str) -> str:
        if text not in names:
            raise UsageError(f"option {flag} requires {' or '.join(names)}")
        return text

    return read


def _read_log_format(flag: str, text: str) -> bool:
    return _one_of("text", "json")(flag, text) == "json"


class Option(NamedTuple):
    """One row: its names, where its value goes, what the usage text says."""

    letter: str  # empty: only a long form
    long: str
    field: str
    text: str
    argument: str = ""  # as the usage text shows it; empty: a flag
    wants: str = ""  # what is missing when the argument is
    read: Reader = _read_text

    @property
    def flag(self) -> str:
        """How messages name the option."""
        return f"-{self.letter}" if self.letter else f"--{self.long}"


_DEFAULTS: Final = Options()
_FILE: Final = "a file name"
_NUMBER: Final = "a number"

ORIGINAL: Final = (
    Option("h", "help", "show_help", "this help"),
    Option("V", "version", "show_version", "show version and exit"),
    Option(
        "t", "test-conf", "test_conf", "test configuration for syntax errors and exit"
    ),
    Option("d", "daemonize", "daemonize", "run as a daemon"),
    Option("D", "describe-stats", "describe", "print stats description and exit"),
    Option(
        "v",
        "verbose",
        "verbosity",
        f"set logging level (default: {_DEFAULTS.verbosity}, min: 0, "
        f"max: {MAX_VERBOSITY})",
        "N",
        _NUMBER,
        _read_verbosity,
    ),
    Option(
        "o",
        "output",
        "output",
        f"set logging file (default: {_DEFAULTS.output or 'stderr'})",
        "S",
        _FILE,
    ),
    Option(
        "c",
        "conf-file",
        "conf_file",
        f"set configuration file (default: {_DEFAULTS.conf_file})",
        "S",
        _FILE,
    ),
    Option(
        "s",
        "stats-port",
        "stats_port",
        f"set stats monitoring port (default: {_DEFAULTS.stats_port})",
        "N",
        _NUMBER,
        _read_port,
    ),
    Option(
        "a",
        "stats-addr",
        "stats_addr",
        f"set stats monitoring ip (default: {_DEFAULTS.stats_addr})",
        "S",
        "a string",
    ),
    Option(
        "i",
        "stats-interval",
        "stats_interval_ms",
        "set stats aggregation interval in msec "
        f"(default: {_DEFAULTS.stats_interval_ms} msec)",
        "N",
        _NUMBER,
        _read_number,
    ),
    Option(
        "p",
        "pid-file",
        "pid_file",
        f"set pid file (default: {_DEFAULTS.pid_file or 'off'})",
        "S",
        _FILE,
    ),
    Option(
        "m",
        "mbuf-size",
        "mbuf_size",
        f"set size of mbuf chunk in bytes (default: {_DEFAULTS.mbuf_size} bytes)",
        "N",
        _NUMBER,
        _read_mbuf_size,
    ),
)

OURS: Final = (
    Option(
        "",
        "workers",
        "workers",
        f"set number of workers, or auto (default: {_DEFAULTS.workers})",
        "N",
        _NUMBER,
        _read_workers,
    ),
    Option(
        "",
        "drain-timeout",
        "drain_timeout_s",
        f"set longest drain in sec (default: {_DEFAULTS.drain_timeout_s:g} sec)",
        "N",
        _NUMBER,
        _read_seconds,
    ),
    Option(
        "",
        "poller",
        "poller",
        "set epoll or portable (default: the best there is)",
        "S",
        "a name",
        _one_of("epoll", "portable"),
    ),
    Option(
        "",
        "log-format",
        "log_json",
        "set text or json (default: text)",
        "S",
        "a name",
        _read_log_format,
    ),
    Option(
        "",
        "metrics-port",
        "metrics",
        "set [addr:]port of metrics over HTTP (default: off)",
        "S",
        "an address",
        _read_address,
    ),
    Option("", "watch", "watch", "reload when the configuration file changes"),
)

# A document of the C program calls its `--verbose` so.
ALIASES: Final = {"verbosity": "verbose"}

_LETTERS: Final = {option.letter: option for option in ORIGINAL}
_LONG: Final = {option.long: option for option in ORIGINAL + OURS}
_ORIGINAL_NAMES: Final = [option.long for option in ORIGINAL]
_OUR_NAMES: Final = [option.long for option in OURS] + list(ALIASES)


def parse(words: list[str]) -> CommandLine:
    """Read the words after the program's name; the last of two equal options wins."""
    values: dict[str, Value] = {}
    for option, text in _scan(words):
        read = option.read if option.argument else _read_flag
        values[option.field] = read(option.flag, text)
    show_help = bool(values.pop("show_help", False))
    show_version = bool(values.pop("show_version", False))
    options = Options(**values)  # type: ignore[arg-type] # the rows pair field and type
    return CommandLine(options, show_help, show_version)


def _scan(words: list[str]) -> Iterator[tuple[Option, str]]:
    """Yield options with their arguments; other words are passed over."""
    waiting = iter(words)
    for word in waiting:
        if word == "--":
            return
        if word.startswith("--"):
            yield _long(word[2:], waiting)
        elif word.startswith("-"):
            yield from _short(word[1:], waiting)


def _long(word: str, waiting: Iterator[str]) -> tuple[Option, str]:
    name, equals, text = word.partition("=")
    option = _find_long(name)
    if not option.argument:
        if equals and option.letter:
            raise UsageError(f"invalid option -- '{option.letter}'")
        if equals:
            raise UsageError(f"option {option.flag} takes no argument")
        return option, ""
    return option, text if equals else _argument(option, waiting)


def _find_long(name: str) -> Option:
    name = ALIASES.get(name, name)
    if name in _LONG:
        return _LONG[name]
    for names in (_ORIGINAL_NAMES, _OUR_NAMES):
        fitting = [long for long in names if long.startswith(name)]
        if len(fitting) == 1:
            return _LONG[ALIASES.get(fitting[0], fitting[0])]
        if fitting:
            break
    raise UsageError("invalid option -- '\0'")


def _short(letters: str, waiting: Iterator[str]) -> Iterator[tuple[Option, str]]:
    for i, letter in enumerate(letters):
        option = _LETTERS.get(letter)
        if option is None:
            raise UsageError(f"invalid option -- '{letter}'")
        if option.argument:
            yield option, letters[i + 1 :] or _argument(option, waiting)
            return
        yield option, ""


def _argument(option: Option, waiting: Iterator[str]) -> str:
    for word in waiting:
        return word
    raise UsageError(f"option {option.flag} requires {option.wants}")
