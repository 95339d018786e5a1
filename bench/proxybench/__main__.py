"""``python -m bench.proxybench compare``: measure, print tables, write files."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.proxybench.compare import Plan, interleaved
from bench.proxybench.contenders import Contender, known, like_twemproxy
from bench.proxybench.idle import idle_memory
from bench.proxybench.laboratory import BenchError, Laboratory
from bench.proxybench.report import read_json, tables, write_json, write_plot
from bench.proxybench.run import Run
from bench.proxybench.system_calls import calls_per_request
from bench.proxybench.workloads import GROUPS, WORKLOADS, Workload, chosen

RESULTS: Final = Path(__file__).resolve().parents[1] / "results"
DAEMONS: Final = "/usr/sbin:/usr/local/sbin"  # where Debian has the C program
TRACED: Final = ("get", "get-p16")


def main() -> int:
    """Run the sub-command; 1 if nothing could be measured."""
    options = parse(sys.argv[1:])
    os.environ["PATH"] += os.pathsep + DAEMONS
    if options.command == "list":
        print("proxies:  ", *known())
        print("workloads:", *WORKLOADS)
        print("groups:   ", *GROUPS)
        return 0
    if options.command == "table":
        runs = [run for path in options.files for run in read_json(path)]
        print(tables(runs, options.base))
        return 0
    try:
        contenders = entrants(options)
        workloads = chosen(options.workload or ["quick"])
    except KeyError as error:
        print(f"no such proxy or workload: {error}", file=sys.stderr)
        return 2
    try:
        return COMMANDS[options.command](options, contenders, workloads)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="proxybench", description="Compare proxies side by side."
    )
    parser.add_argument("command", choices=["list", "table", *COMMANDS])
    parser.add_argument("files", nargs="*", type=Path, help="for `table`: results")
    add = parser.add_argument
    add("--proxy", action="append", help="one of `list`, several times")
    add("--twem", action="append", default=[], metavar="NAME=CMD")
    add("--workload", action="append", help="a name or a group, several times")
    add("--base", default="c-v4", help="ratios are taken against this proxy")
    add("--reps", type=int, default=3)
    add("--seconds", type=float, default=3)
    add("--servers", type=int, default=4)
    add("--placement", choices=["both", "pinned", "unpinned"], default="both")
    add("--noise", type=float, default=0.06, help="foreign cores a run may bear")
    add("--retries", type=int, default=2)
    add("--conns", type=int, default=9000, help="for `idle`")
    return parser.parse_args(argv)


def entrants(options: argparse.Namespace) -> list[Contender]:
    """Return the proxies to compare."""
    every = known()
    for text in options.twem:
        name, _, command = text.partition("=")
        every[name] = like_twemproxy(name, command)
    given = [text.partition("=")[0] for text in options.twem]
    return [every[n] for n in (options.proxy or ["twemproxy", "c", "c-v4"]) + given]


def compare(
    options: argparse.Namespace,
    contenders: Sequence[Contender],
    workloads: Sequence[Workload],
) -> int:
    """Measure all in turn, print tables, write JSON and a plot."""
    plan = Plan(options.seconds, options.reps, options.noise, options.retries)
    runs: list[Run] = []
    for pinned in (True, False):
        if options.placement in ("both", "pinned" if pinned else "unpinned"):
            with Laboratory(options.servers, pinned=pinned) as lab:
                runs += interleaved(lab, contenders, workloads, plan)
    if not runs:
        return 1
    print(tables(runs, options.base))
    calls = traced_calls(options, contenders)
    for name, each in calls.items():
        print(f"\nsystem calls per request, {name}: {each}")
    stem = RESULTS / time.strftime("%Y%m%d-%H%M%S")
    write_json(stem.with_suffix(".json"), runs, system_calls=calls)
    write_plot(stem.with_suffix(".svg"), [run for run in runs if run.pinned] or runs)
    print(f"\nwritten: {stem}.json and .svg")
    wrong = [run for run in runs if run.faults]
    for run in wrong:
        print(f"wrong replies: {run.contender}, {run.workload}: {run.example}")
    return 1 if wrong else 0


def traced_calls(
    options: argparse.Namespace, contenders: Sequence[Contender]
) -> dict[str, dict[str, float]]:
    """Count system calls of all proxies; nothing where no tracer works."""
    found: dict[str, dict[str, float]] = {}
    with Laboratory(options.servers, pinned=False) as lab:
        for workload in chosen(list(TRACED)):
            for contender in contenders:
                if contender.direct:
                    continue
                try:
                    each = calls_per_request(lab, contender, workload, 2)
                except (BenchError, OSError) as error:
                    print(f"# no system calls counted: {error}", file=sys.stderr)
                    return found
                found[f"{workload.name} {contender.name}"] = each
    return found


def syscalls(
    options: argparse.Namespace,
    contenders: Sequence[Contender],
    workloads: Sequence[Workload],
) -> int:
    """Print system calls per request."""
    with Laboratory(options.servers, pinned=False) as lab:
        for workload in workloads:
            for contender in contenders:
                each = calls_per_request(lab, contender, workload, options.seconds)
                print(f"{workload.name:12} {contender.name:12} {each}", flush=True)
    return 0


def idle(
    options: argparse.Namespace,
    contenders: Sequence[Contender],
    workloads: Sequence[Workload],
) -> int:
    """Print the memory of idle clients; workloads play no part."""
    del workloads
    with Laboratory(options.servers, pinned=False) as lab:
        for contender in contenders:
            print(idle_memory(lab, contender, options.conns), flush=True)
    return 0


COMMANDS: Final = {"compare": compare, "syscalls": syscalls, "idle": idle}

if __name__ == "__main__":
    sys.exit(main())
