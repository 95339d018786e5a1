"""`nutcracker schema`: the settings table for editors and for the manual.

Prints a JSON Schema of the file, or with `--markdown` the manual's table of keys.
"""

import sys
from typing import Final

from twemproxy.config.page import page
from twemproxy.config.schema import schema
from twemproxy.console.words import show, show_json

_USAGE: Final = "Usage: nutcracker schema [--markdown]\n"


def main(words: list[str]) -> int:
    """Print the schema, or the page."""
    if words == ["--markdown"]:
        show(page())
    elif not words:
        show_json(schema())
    else:
        sys.stderr.write(_USAGE)
        return 0 if words in (["-h"], ["--help"]) else 1
    return 0
