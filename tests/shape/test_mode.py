"""The compiled run is compiled, the interpreted one is not."""

import importlib
import os
import re

import pytest

from tests.shape.source import ROOT

HOT = re.findall(r'^ {4}"(twemproxy\.[\w.]+)",$', (ROOT / "setup.py").read_text(), re.M)


def test_the_map_of_the_hot_path_is_found() -> None:
    assert len(HOT) > 1


@pytest.mark.parametrize("name", HOT)
def test_a_hot_module_runs_in_the_mode_that_was_asked_for(name: str) -> None:
    origin = importlib.import_module(name).__file__ or ""
    mode = "compiled" if origin.endswith(".so") else "interpreted"
    assert mode == os.environ.get("TWEMPROXY_MODE", "compiled"), origin
