"""Walks the source: modules, what they import, their functions."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCE: Final = ROOT / "src"
PACKAGE: Final = SOURCE / "twemproxy"
FROM: Final = re.compile(r"^\s*from\s+(\S+)\s+c?import\s+([^#\n]+)", re.M)
WHOLE: Final = re.compile(r"^\s*c?import\s+(\S+)", re.M)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: Path) -> list[Path]:
    """All Python files below `folders`, in order."""
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def module_of(path: Path) -> str:
    """The dotted name of a file of the package, relative to the package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Every module that a `.py`, `.pyx` or `.pxd` file imports, by dotted name."""
    text = path.read_text()
    return python_imports(text) if path.suffix == ".py" else cython_imports(text)


def own_imports_of(path: Path) -> set[str]:
    """Those of our own package, named as `module_of` does."""
    own = {name for name in imports_of(path) if name.partition(".")[0] == "twemproxy"}
    return {name.removeprefix("twemproxy").removeprefix(".") for name in own}


def python_imports(text: str) -> set[str]:
    """Modules that import statements name, wherever they stand."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {origin(node.module or "", alias.name) for alias in node.names}
    return found


def cython_imports(text: str) -> set[str]:
    """Modules that `cimport` and `import` lines name."""
    found = {match[1] for match in WHOLE.finditer(text)}
    for match in FROM.finditer(text):
        found |= {origin(match[1], name.strip(" ()")) for name in match[2].split(",")}
    return found


def origin(module: str, name: str) -> str:
    """The module that `from module import name` is about, which may be `name`."""
    path = SOURCE.joinpath(*module.split("."), name)
    inner = path.is_dir() or path.with_suffix(".py").exists()
    return f"{module}.{name}" if inner and module.startswith("twemproxy") else module


def functions_of(path: Path) -> Iterator[Function]:
    """All functions of a file, nested ones too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            yield node
