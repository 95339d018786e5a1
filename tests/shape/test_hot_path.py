"""The compiled modules keep to what compiles well."""

import ast
import re
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from tests.shape.source import PACKAGE, SOURCE, functions_of, module_of
from tests.shape.test_mode import HOT

LARGE = 2**32
SHARED: Final = "a test keeps the two equal"  # says who gives numbers to both
NUMBERS: Final = sorted(
    path for path in PACKAGE.rglob("*.pxd") if SHARED in path.read_text()
)


@pytest.mark.parametrize("module", HOT)
def test_a_function_names_its_large_numbers(module: str) -> None:
    """A literal this large stays a Python object, a typed constant does not."""
    path = (SOURCE / module.replace(".", "/")).with_suffix(".py")
    for function in functions_of(path):
        for node in ast.walk(function):
            if isinstance(node, ast.Constant) and isinstance(node.value, int):
                assert node.value < LARGE, f"{function.name}, line {node.lineno}"


@pytest.mark.parametrize("path", NUMBERS, ids=module_of)
def test_compiled_modules_see_the_same_numbers(path: Path) -> None:
    found = re.findall(r"^    (\w+) = (-?\d+)$", path.read_text(), re.M)
    module = import_module(f"twemproxy.{module_of(path)}")
    in_python = {name: value for name, value in vars(module).items() if name.isupper()}
    assert {name: int(value) for name, value in found} == in_python


def test_the_numbers_of_both_are_found() -> None:
    assert {module_of(path) for path in NUMBERS} >= {"wire.rule", "net.outcome"}
