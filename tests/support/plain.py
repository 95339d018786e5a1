"""The interpreted copy of a compiled module, loaded beside it as a second opinion."""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

import twemproxy

PACKAGE: Final = Path(twemproxy.__file__).parent


class SourceFinder(MetaPathFinder):
    """Finds the modules of our package as source, whatever was compiled."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return where the source is, None for anything that is not ours."""
        if not is_ours(fullname):
            return None
        place = PACKAGE.joinpath(*fullname.split(".")[1:])
        if place.is_dir():
            file = place / "__init__.py"
            return spec_from_file_location(
                fullname, file, submodule_search_locations=[str(place)]
            )
        return spec_from_file_location(fullname, place.with_suffix(".py"))


def is_ours(name: str) -> bool:
    """Tell whether a module belongs to the package."""
    return name == "twemproxy" or name.startswith("twemproxy.")


def plain(name: str, *fresh: str) -> ModuleType:
    """Import a module and all it needs from source; nobody else notices.

    `fresh` are modules that are not ours and shall see ours as they are in source.
    """
    finder = SourceFinder()

    def is_new(key: str) -> bool:
        return is_ours(key) or key in fresh

    known = {key: module for key, module in sys.modules.items() if is_new(key)}
    for key in known:
        del sys.modules[key]
    sys.meta_path.insert(0, finder)
    try:
        return importlib.import_module(name)
    finally:
        sys.meta_path.remove(finder)
        for key in [key for key in sys.modules if is_new(key)]:
            del sys.modules[key]
        sys.modules.update(known)
