"""Dashboard and alerts name metrics that there are."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.unit.test_prometheus import families

CONTRIB: Final = Path(__file__).parents[2] / "contrib"
NAME: Final = re.compile(r"twemproxy_\w+")


def expressions(part: Any) -> list[str]:
    """Find every query, however deep."""
    if isinstance(part, list):
        return [text for item in part for text in expressions(item)]
    if not isinstance(part, dict):
        return []
    own = [part[key] for key in ("expr", "query") if isinstance(part.get(key), str)]
    return own + [text for value in part.values() for text in expressions(value)]


def dashboard() -> Any:
    return json.loads((CONTRIB / "grafana-dashboard.json").read_text())


def alerts() -> Any:
    return yaml.safe_load((CONTRIB / "prometheus-alerts.yml").read_text())


@pytest.mark.parametrize("document", [dashboard(), alerts()], ids=["panels", "alerts"])
def test_every_metric_that_is_asked_for_is_there(document: Any) -> None:
    samples = {sample.name for family in families() for sample in family.samples}
    asked = {name for text in expressions(document) for name in NAME.findall(text)}
    assert len(asked) > 9
    assert asked <= samples


def test_panels_do_not_overlap_and_have_their_own_numbers() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    corners = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(corners) == len(panels)
    assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in panels)


def test_every_alert_says_what_is_the_matter() -> None:
    for rule in alerts()["groups"][0]["rules"]:
        assert rule["annotations"].keys() == {"summary", "description"}
        assert rule["labels"]["severity"] in {"warning", "critical"}
