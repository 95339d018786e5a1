"""Write the pages that are made from tables: ``python -m docs.generate``.

With ``--check`` nothing is written; the exit status tells whether a page is old.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from docs.commands_page import page as commands
from docs.hardening_page import page as hardening
from docs.limits_page import page as limits
from docs.metrics_page import page as metrics
from twemproxy.config.page import page as configuration

HERE: Final = Path(__file__).parent

PAGES: Final[dict[str, Callable[[], str]]] = {
    "commands.md": commands,
    "configuration.md": configuration,
    "hardening.md": hardening,
    "limits.md": limits,
    "metrics.md": metrics,
}


def outdated() -> list[str]:
    """Names of the pages that differ from what the tables say."""
    stale = []
    for name, page in PAGES.items():
        path = HERE / name
        if not path.exists() or path.read_text() != page():
            stale.append(name)
    return stale


def main(argv: list[str]) -> int:
    """Bring all pages up to date, or only tell which are not."""
    stale = outdated()
    for name in stale:
        if "--check" in argv:
            print(f"docs/{name} is not what the tables say: run make docs")
        else:
            (HERE / name).write_text(PAGES[name]())
            print(f"docs/{name} written")
    return int("--check" in argv and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
