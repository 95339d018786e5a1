"""What is published has everything in it, compiled and interpreted."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Final

import pytest

from tests.shape.source import ROOT

IGNORED: Final = shutil.ignore_patterns("*.so", "*.c", "*.egg-info", "__pycache__")
PARTS: Final = (
    "src",
    "setup.py",
    "pyproject.toml",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what packaging reads, without anything built."""
    copy = tmp_path / "project"
    copy.mkdir()
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, copy / part, ignore=IGNORED)
        else:
            shutil.copy(source, copy / part)
    return copy


def build(project: Path, *, compiled: bool) -> set[str]:
    """Build a wheel; the names of the files in it."""
    mode = {} if compiled else {"TWEMPROXY_INTERPRETED": "1"}
    quiet = ["--no-deps", "--no-build-isolation", "--disable-pip-version-check", "-q"]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", ".", "-w", "dist", *quiet],
        cwd=project,
        env={**os.environ, **mode, "CFLAGS": "-O0"},
        check=True,
    )
    (wheel,) = (project / "dist").glob("*.whl")
    assert ("-none-any" in wheel.name) is not compiled
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.timeout(600)
def test_a_wheel_has_compiled_modules_their_sources_and_their_types(
    project: Path,
) -> None:
    names = build(project, compiled=True)
    assert any(name.endswith(".so") for name in names)
    assert {"twemproxy/py.typed", "twemproxy/net/slab.pxd"} <= names
    assert {"twemproxy/net/slab.py", "twemproxy/errors.py"} <= names
    assert not any(name.endswith(".c") for name in names)


def test_an_interpreted_wheel_runs_anywhere(project: Path) -> None:
    names = build(project, compiled=False)
    assert not any(name.endswith((".so", ".c")) for name in names)
    assert {"twemproxy/py.typed", "twemproxy/net/slab.py"} <= names


def test_a_source_archive_can_be_built_from(project: Path) -> None:
    subprocess.run(
        [sys.executable, "setup.py", "-q", "sdist"],
        cwd=project,
        env={**os.environ, "TWEMPROXY_INTERPRETED": "1"},
        check=True,
    )
    (archive,) = (project / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    leaves = {str(path.relative_to(ROOT)) for path in ROOT.glob("src/**/*.p[xy]*")}
    assert leaves - {name for name in leaves if name.endswith(".pyc")} <= names
    assert {"setup.py", "pyproject.toml", "LICENSE", "src/twemproxy/py.typed"} <= names
