"""The compiled modules keep to what compiles well."""

import ast

import pytest

from tests.shape.source import SOURCE, functions_of
from tests.shape.test_mode import HOT

LARGE = 2**32


@pytest.mark.parametrize("module", HOT)
def test_a_function_names_its_large_numbers(module: str) -> None:
    """A literal this large stays a Python object, a typed constant does not."""
    path = (SOURCE / module.replace(".", "/")).with_suffix(".py")
    for function in functions_of(path):
        for node in ast.walk(function):
            if isinstance(node, ast.Constant) and isinstance(node.value, int):
                assert node.value < LARGE, f"{function.name}, line {node.lineno}"
