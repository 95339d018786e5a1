"""Runs of several proxies in turn, and their ratios with spread."""

import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.proxybench.contenders import Contender
from bench.proxybench.laboratory import BenchError, Laboratory
from bench.proxybench.run import Run, timed_run
from bench.proxybench.workloads import Workload


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often to measure, and what noise to bear."""

    seconds: float
    repetitions: int
    noise: float  # cores' worth of foreign CPU above which a run is repeated
    retries: int


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of ratios taken run by run, with the extremes."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        """Write it as a table cell."""
        return f"{self.middle:.2f} ({self.low:.2f}-{self.high:.2f})"


def ratio(runs: Sequence[Run], others: Sequence[Run], figure: str) -> Ratio | None:
    """Divide `figure` of `runs` by that of the `others` beside them."""
    pairs = zip(runs, others, strict=False)
    each = [
        getattr(one, figure) / getattr(other, figure)
        for one, other in pairs
        if getattr(other, figure)
    ]
    return Ratio(statistics.median(each), min(each), max(each)) if each else None


def interleaved(
    lab: Laboratory,
    contenders: Sequence[Contender],
    workloads: Sequence[Workload],
    plan: Plan,
) -> Iterator[Run]:
    """Yield runs, all proxies in turn before one has a second go."""
    for workload in workloads:
        able = [c for c in contenders if workload.proto in c.protos]
        for _ in range(plan.repetitions):
            for contender in able:
                run = calm_run(lab, contender, workload, plan)
                if run is not None:
                    yield run


def calm_run(
    lab: Laboratory, contender: Contender, workload: Workload, plan: Plan
) -> Run | None:
    """Measure until nobody else disturbs it, or patience ends."""
    run = None
    for _ in range(1 + plan.retries):
        try:
            run = timed_run(lab, contender, workload, plan.seconds)
        except BenchError as error:
            print(f"# {workload.name}: {error}", file=sys.stderr)
            return None
        print(
            f"# {run.workload:12} {run.contender:12} {run.cpu_us:8.2f} us/request "
            f"{run.ops:10,.0f}/s  p99 {run.p99_us:8,.0f} us  foreign {run.foreign:.0%}"
            f"  faults {run.faults} {run.example}",
            file=sys.stderr,
            flush=True,
        )
        if run.foreign <= plan.noise:
            break
    return run
