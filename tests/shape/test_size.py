"""Files and functions stay small enough to be read in one go."""

from pathlib import Path
from typing import Final

import pytest

from tests.shape.source import PACKAGE, ROOT, functions_of, python_files

MAX_MODULE_LINES: Final = 450
MAX_FUNCTION_LINES: Final = 60
MAX_TEST_LINES: Final = 40
# A module of this name has no job yet.
NAMELESS: Final = {"utils", "util", "helpers", "helper", "common", "base", "manager"}

FILES = python_files(PACKAGE, ROOT / "tests", ROOT / "bench", ROOT / "docs")
TYPED = sorted([*PACKAGE.rglob("*.pxd"), *PACKAGE.rglob("*.pyx")])


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*FILES, *TYPED], ids=name_of)
def test_a_module_can_be_read_in_one_go(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_MODULE_LINES


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    for function in functions_of(path):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        test = function.name.startswith("test_")
        limit = MAX_TEST_LINES if test else MAX_FUNCTION_LINES
        assert length <= limit, f"{function.name} has {length} lines"


@pytest.mark.parametrize("path", [*FILES, *TYPED], ids=name_of)
def test_a_module_has_a_name_that_says_what_it_does(path: Path) -> None:
    assert not NAMELESS & set(path.relative_to(ROOT).with_suffix("").parts)
