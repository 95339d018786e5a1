"""Pages of the manual that are made from tables."""

import subprocess
import sys
from pathlib import Path

GENERATE = Path(__file__).parents[2] / "docs/generate.py"


def test_generated_pages_say_what_the_tables_say() -> None:
    done = subprocess.run(
        [sys.executable, str(GENERATE), "--check"],
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
