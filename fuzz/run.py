"""One target, from its corpus until its time is up."""

import random
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
from fuzz.targets import SCANNERS, TARGETS

CRASHES: Final = Path("build/fuzz")
WHOLE: Final[dict[str, Callable[[float, int], str]]] = {
    "sessions": run_sessions,
    "memcache_sessions": partial(run_sessions, redis=False),
    "against": run_against,
    "memcache_against": run_against_memcache,
}
# Of the processor, for 4 KiB: a thousand times what it takes. Every now and then a
# scanner gets 128 KiB, where it takes a fifth of this if the work is linear.
SLOW_S: Final = 2.0
LONG_BYTES: Final = 128 * 1024
SHORT_IN_A_ROW: Final = 500


def run_target(name: str, seconds: float, seed: int) -> str:
    """Fuzz one target; what broke, empty if nothing did."""
    corpus = corpus_of(name)
    chance = random.Random(seed)
    deadline = time.monotonic() + seconds
    count = 0
    while time.monotonic() < deadline:
        data = corpus[count] if count < len(corpus) else mutated(corpus, chance)
        target = TARGETS[name]
        if name in SCANNERS and data and count % SHORT_IN_A_ROW == 0:
            target = SCANNERS[name]
            data *= LONG_BYTES // len(data)
        started = time.process_time()
        try:
            target(data)
        except Exception as error:
            path = keep(name, data, CRASHES)
            return f"{type(error).__name__}: {error}\n  input kept in {path}"
        taken = time.process_time() - started
        if taken > SLOW_S:
            return f"took {taken:.1f} s, input kept in {keep(name, data, CRASHES)}"
        count += 1
    print(f"fuzz {name}: {count} inputs in {seconds:g} s, seed {seed}")
    return ""


def run_one(name: str, seconds: float, seed: int) -> bool:
    """Run a target here; whether nothing broke."""
    run = WHOLE.get(name)
    trouble = run(seconds, seed) if run else run_target(name, seconds, seed)
    if trouble:
        print(f"fuzz {name}, seed {seed}: {trouble}")
    return not trouble
