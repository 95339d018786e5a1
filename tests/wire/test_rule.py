"""The numbers that interpreted and compiled modules share."""

import re
from pathlib import Path

from twemproxy.wire import rule

SOURCE = Path(__file__).parents[2] / "src/twemproxy/wire"


def test_compiled_modules_see_the_same_numbers() -> None:
    in_c = dict(
        re.findall(r"^    (\w+) = (\d+)$", (SOURCE / "rule.pxd").read_text(), re.M)
    )
    in_python = {name: value for name, value in vars(rule).items() if name.isupper()}
    assert {name: int(value) for name, value in in_c.items()} == in_python
