"""Let coverage guide the mutations: ``make guided TARGET=redis_request``.

The interpreted modules are instrumented as they are imported; what finds a new way
through them is added to the corpus. Needs ``pip install atheris``.
"""

import os
import sys

import atheris

with atheris.instrument_imports(include=["twemproxy"]):
    from fuzz.corpus import FOLDER
    from fuzz.targets import TARGETS


def main() -> None:
    """Fuzz one target; atheris ends the process."""
    name = sys.argv[1]
    seconds = float(os.environ.get("FUZZ_SECONDS", "60"))
    options = [f"-max_total_time={seconds:g}", "-max_len=4096", str(FOLDER / name)]
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
