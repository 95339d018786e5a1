"""The command ``nutcracker``: show something, test a file, run, or a command of ours.

A first word from `COMMANDS` starts that command. Everything else is the C program's
command line: its options, its messages, its exit statuses, all on stderr.
"""

import contextlib
import importlib
import importlib.machinery
import importlib.util
import os
import platform
import sys
from typing import Final

from twemproxy.arguments import ORIGINAL, OURS, Option, UsageError, parse
from twemproxy.config.load import load
from twemproxy.config.problems import ConfigFileError
from twemproxy.stats.metrics import POOL, SERVER, Metric
from twemproxy.version import COMPATIBLE, VERSION

# Imported when asked for: a running proxy does not pay for them.
COMMANDS: Final = {
    "demo": "twemproxy.demo.stage",
    "plan": "twemproxy.console.plan",
    "reload": "twemproxy.console.reload",
    "route": "twemproxy.console.route",
    "schema": "twemproxy.console.schema",
    "slowlog": "twemproxy.console.slowlog",
    "stats": "twemproxy.console.stats",
    "top": "twemproxy.console.top",
}
SUPERVISOR: Final = "twemproxy.control.supervisor"

# The C program's usage text has CRLF inside its blocks and LF at their ends.
_SYNOPSIS: Final = (
    "Usage: nutcracker [-?hVdDt] [-v verbosity level] [-o output file]\r\n"
    "                  [-c conf file] [-s stats port] [-a stats addr]\r\n"
    "                  [-i stats interval] [-p pid file] [-m mbuf size]\r\n"
    "\n"
)
_FIRST_BLOCK: Final = 5  # options up to --describe-stats


def main(argv: list[str] | None = None) -> int:
    """Do what the words ask for and give the exit status."""
    words = sys.argv[1:] if argv is None else argv
    if words and words[0] in COMMANDS:
        command = importlib.import_module(COMMANDS[words[0]])
        return int(command.main(words[1:]))
    try:
        line = parse(words)
    except UsageError as error:
        say(f"nutcracker: {error}\n{usage()}")
        return 1
    if line.show_help or line.show_version or line.options.describe:
        say(version())
        say(usage() + usage_ours() if line.show_help else "")
        say(describe_stats() if line.options.describe else "")
        say(build() if line.show_version else "")
        return 0
    if line.options.test_conf:
        return test_conf(line.options.conf_file)
    supervisor = importlib.import_module(SUPERVISOR)
    return int(supervisor.run(line.options))


def test_conf(path: str) -> int:
    """Print what is wrong with a file, and the C program's verdict as it prints it."""
    verdict = f"nutcracker: configuration file '{path}' syntax is "
    try:
        load(path)
    except ConfigFileError as error:
        verdicts = [f"{verdict}invalid"] * (2 if error.readable else 1)
        say("\n".join(error.report() + verdicts) + "\n")
        return 1
    say(f"{verdict}ok\n")
    return 0


def version() -> str:
    """Give the version of the C program that this one stands in for."""
    return f"This is nutcracker-{COMPATIBLE}\nasync event backend: epoll\n\n"


def build() -> str:
    """Say what this program is, and whether its hot path is compiled."""
    spec = importlib.util.find_spec("twemproxy.net.slab")
    suffixes = tuple(importlib.machinery.EXTENSION_SUFFIXES)
    compiled = spec is not None and (spec.origin or "").endswith(suffixes)
    how = "compiled" if compiled else "interpreted"
    return f"twemproxy {VERSION}, Python {platform.python_version()}, {how}\n"


def usage() -> str:
    """Give the C program's usage text, which follows every mistake too."""
    lines = [_usage_line(option) for option in ORIGINAL]
    first, second = lines[:_FIRST_BLOCK], lines[_FIRST_BLOCK:]
    options = "\r\n".join(["Options:", *first]) + "\n" + "\r\n".join(second)
    return f"{_SYNOPSIS}{options}\r\n\n"


def usage_ours() -> str:
    """List what the C program does not have."""
    options = "\n".join(_usage_line(option) for option in OURS)
    commands = ", ".join(sorted(COMMANDS))
    return (
        f"Options of this program only:\n{options}\n\n"
        f"Commands, as the first word:\n  {commands}\n\n"
    )


def _usage_line(option: Option) -> str:
    name = f"--{option.long}" + (f"={option.argument}" if option.argument else "")
    letter = f"-{option.letter}, " if option.letter else "    "
    return f"  {letter}{name:<19}: {option.text}"


def describe_stats() -> str:
    """List the counters of the C program's stats document."""
    return f"pool stats:\n{_describe(POOL)}\nserver stats:\n{_describe(SERVER)}"


def _describe(metrics: tuple[Metric, ...]) -> str:
    rows = [metric for metric in metrics if metric.original]
    return "".join(f'  {metric.name:<20}"{metric.text}"\n' for metric in rows)


def say(text: str) -> None:
    """Write to stderr whatever encoding it has; a closed one is no mistake."""
    left = text.encode("utf-8", "surrogateescape")
    with contextlib.suppress(OSError):
        while left:
            left = left[os.write(2, left) :]
