"""Client libraries that are not in our environment: other versions, other languages.

They are installed once, into build/, and stay there.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import pytest

from tests.support.proxy import ROOT

CACHE: Final = ROOT / "build" / "clients"
INSTALL_PATIENCE_S: Final = 110
PATIENCE_S: Final = 60


def python_package(name: str, requirement: str) -> Path:
    """Return a directory with a package that is not the one in our environment."""
    pip = [sys.executable, "-m", "pip", "install", "-q"]
    return _once(CACHE / name, [*pip, requirement, "--target"])


def node_packages(*names: str) -> Path:
    """Return a directory whose node_modules holds packages; skip without npm."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"npm is not installed: {', '.join(names)} are not tested")
    quiet = ["--no-audit", "--no-fund", "--silent"]
    target = CACHE / "-".join(["node", *names])
    return _once(target, [npm, "install", *quiet, *names, "--prefix"])


def _once(target: Path, command: list[str]) -> Path:
    """Install into a fresh directory, which becomes the target when it is whole."""
    if not target.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=CACHE))
        subprocess.run(
            [*command, str(fresh)],
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=INSTALL_PATIENCE_S,
        )
        try:
            fresh.rename(target)
        except OSError:  # another test process was faster
            shutil.rmtree(fresh)
    return target


def run_python(program: str, *arguments: object, path: Path | None = None) -> None:
    """Run one of our client programs, with `path` before our own packages."""
    paths = [str(ROOT), *([str(path)] if path else [])]
    _run(
        [sys.executable, "-m", f"tests.clients.{program}"],
        arguments,
        {"PYTHONPATH": os.pathsep.join(reversed(paths))},
    )


def run_node(program: str, modules: Path, *arguments: object) -> None:
    """Run one of our client programs that is JavaScript."""
    script = ROOT / "tests" / "clients" / program
    _run(
        ["node", str(script)],
        arguments,
        {"NODE_PATH": str(modules / "node_modules")},
    )


def _run(
    command: list[str], arguments: tuple[object, ...], extra: dict[str, str]
) -> None:
    """Run a program to its good end."""
    done = subprocess.run(
        [*command, *map(str, arguments)],
        env={**os.environ, **extra},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
