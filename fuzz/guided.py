"""Let coverage guide the mutations: ``make guided TARGET=redis_request``.

The interpreted modules are instrumented as they are imported; what finds a new way
through them is added to the corpus. Needs ``pip install atheris``.
"""

import os
import shutil
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["twemproxy"]):
    from fuzz.corpus import FOLDER, corpus_of
    from fuzz.targets import TARGETS

SEEDS = Path("build/fuzz/seeds")  # those that tables and programs know


def main() -> None:
    """Fuzz one target; atheris ends the process."""
    name = sys.argv[1]
    seconds = float(os.environ.get("FUZZ_SECONDS", "60"))
    (FOLDER / name).mkdir(exist_ok=True)
    shutil.rmtree(SEEDS, ignore_errors=True)
    SEEDS.mkdir(parents=True)
    for number, seed in enumerate(corpus_of(name)):
        (SEEDS / f"{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds:g}", "-max_len=4096"]
    options += [str(FOLDER / name), str(SEEDS)]
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
