"""Walks the source: modules, what they import, their functions."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCE: Final = ROOT / "src"
PACKAGE: Final = SOURCE / "twemproxy"
CIMPORT: Final = re.compile(r"^\s*(?:from\s+(\S+)\s+c?import|c?import\s+(\S+))", re.M)

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
            module = node.module or ""
            # `from twemproxy import log` imports a module, not a name of one
            whole = {f"{module}.{alias.name}" for alias in node.names}
            found |= whole if module == "twemproxy" else {module}
    return found


def cython_imports(text: str) -> set[str]:
    """Modules that `cimport` and `import` lines name."""
    return {match[1] or match[2].rstrip(",") for match in CIMPORT.finditer(text)}


def functions_of(path: Path) -> Iterator[Function]:
    """All functions of a file, nested ones too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            yield node
