"""Run targets: ``python -m fuzz [TARGET ...]``.

Mutations of the corpus run against the compiled modules and their interpreted twins;
`fuzz.guided` lets coverage choose them. `FUZZ_SECONDS` is the time per target,
`FUZZ_SEED` makes a run repeatable.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from fuzz.against import run_against
from fuzz.against_memcache import run_against_memcache
from fuzz.corpus import corpus_of, keep
from fuzz.mutate import mutated
from fuzz.sessions import run_sessions
from fuzz.targets import TARGETS

CRASHES: Final = Path("build/fuzz")
WHOLE: Final[dict[str, Callable[[float, int], str]]] = {
    "sessions": run_sessions,
    "memcache_sessions": partial(run_sessions, redis=False),
    "against": run_against,
    "memcache_against": run_against_memcache,
}
SLOW_S: Final = 2.0  # for 4 KiB; a thousand times what it takes


def run_target(name: str, seconds: float, seed: int) -> str:
    """Fuzz one target; what broke, empty if nothing did."""
    target = TARGETS[name]
    corpus = corpus_of(name)
    chance = random.Random(seed)
    deadline = time.monotonic() + seconds
    count = 0
    while time.monotonic() < deadline:
        data = corpus[count] if count < len(corpus) else mutated(corpus, chance)
        started = time.monotonic()
        try:
            target(data)
        except Exception as error:
            path = keep(name, data, CRASHES)
            return f"{type(error).__name__}: {error}\n  input kept in {path}"
        if time.monotonic() - started > SLOW_S:
            return f"took {time.monotonic() - started:.1f} s: {data!r}"
        count += 1
    print(f"fuzz {name}: {count} inputs in {seconds:g} s, seed {seed}")
    return ""


def main() -> int:
    """Run what was asked for, one after the other; 1 if anything broke."""
    parser = argparse.ArgumentParser(prog="python -m fuzz")
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS, *WHOLE])
    options = parser.parse_args()
    seconds = float(os.environ.get("FUZZ_SECONDS", "60"))
    seed = int(os.environ.get("FUZZ_SEED", time.time_ns() % 1000000))
    names = options.targets or [*TARGETS, *WHOLE]
    broken = False
    for name in names:
        run = WHOLE.get(name)
        trouble = run(seconds, seed) if run else run_target(name, seconds, seed)
        if trouble:
            print(f"fuzz {name}, seed {seed}: {trouble}")
            broken = True
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
