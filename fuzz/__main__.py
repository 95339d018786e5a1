"""Run targets: ``python -m fuzz [--jobs N] [TARGET ...]``.

Mutations of the corpus run against the compiled modules and their interpreted twins;
`fuzz.guided` lets coverage choose them. `FUZZ_SECONDS` is the time per target. Every
run has a seed of its own and prints it; `FUZZ_SEED` repeats a run.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

from fuzz.run import WHOLE, run_one
from fuzz.targets import TARGETS


def main() -> int:
    """Run what was asked for; 1 if anything broke."""
    parser = argparse.ArgumentParser(prog="python -m fuzz")
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS, *WHOLE])
    parser.add_argument("--jobs", type=int, default=1, help="targets at a time")
    options = parser.parse_args()
    seconds = float(os.environ.get("FUZZ_SECONDS", "60"))
    seed = int(os.environ.get("FUZZ_SEED", time.time_ns() % 1000000))
    names = options.targets or [*TARGETS, *WHOLE]
    with ProcessPoolExecutor(options.jobs, max_tasks_per_child=1) as pool:
        ends = list(pool.map(run_one, names, repeat(seconds), repeat(seed)))
    return int(not all(ends))


if __name__ == "__main__":
    sys.exit(main())
