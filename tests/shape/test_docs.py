"""The manual tells everything there is, and nothing that is not."""

import json
import re
from pathlib import Path
from typing import Final

import pytest

from docs.changelog import release
from tests.parity.reasons import Reason
from tests.shape.source import ROOT
from twemproxy import limits
from twemproxy.config.load import load
from twemproxy.config.settings import SETTINGS
from twemproxy.stats.collect import Facts, document
from twemproxy.stats.metrics import TABLE

LINK: Final = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
FENCED: Final = re.compile(r"^```.*?^```", re.M | re.S)
TARGET: Final = re.compile(r"^([a-z]+):", re.M)
MAKE: Final = re.compile(r"(?:^ {4}\$ |`)make ([a-z]+)", re.M)

PAGES: Final = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
MANUAL: Final = ROOT / "docs"


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors_of(page: Path) -> set[str]:
    """What the headings of a page are called in links."""
    heads = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.M)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(FENCED.sub("", page.read_text())):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_make_command_exists(page: Path) -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    assert set(MAKE.findall(page.read_text())) <= targets


@pytest.mark.parametrize(
    "page", sorted(MANUAL.rglob("*.md")), ids=lambda page: page.stem
)
def test_a_page_of_the_manual_can_be_reached(page: Path) -> None:
    index = MANUAL / "index.md"
    reached, new = {index}, {index}
    while new:
        texts = {here: here.read_text() for here in new if here.suffix == ".md"}
        found = {
            (here.parent / link.partition("#")[0]).resolve()
            for here, text in texts.items()
            for link in LINK.findall(text)
            if "://" not in link and not link.startswith("#")
        }
        new = found - reached
        reached |= found
    assert page in reached


def test_every_setting_is_documented() -> None:
    text = (MANUAL / "configuration.md").read_text()
    assert [row.key for row in SETTINGS if f"`{row.key}`" not in text] == []


def test_every_metric_is_documented() -> None:
    text = (MANUAL / "metrics.md").read_text()
    assert [row.name for row in TABLE if f"`{row.name}`" not in text] == []


def test_every_fact_of_the_document_is_documented() -> None:
    text = (MANUAL / "metrics.md").read_text()
    names = json.loads(document(Facts("?", 0, 0, 0, 0), (), ()))
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_limit_is_documented() -> None:
    text = (MANUAL / "limits.md").read_text()
    sizes = ("KIB", "MIB")
    names = [name for name in vars(limits) if name.isupper() and name not in sizes]
    assert [name for name in names if f"`{name}`" not in text] == []


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)
def test_every_deliberate_difference_is_documented(reason: Reason) -> None:
    assert f"| {reason.value} |" in (MANUAL / "compatibility.md").read_text()


def test_the_example_of_the_first_page_is_valid(tmp_path: Path) -> None:
    (example,) = re.findall(
        r"^```yaml\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S
    )
    path = tmp_path / "nutcracker.yml"
    path.write_text(example)
    (pool,) = load(str(path)).pools
    assert {server.name for server in pool.servers} == {"alpha", "beta"}


def test_a_release_goes_above_the_earlier_ones() -> None:
    text = release("# Changes\none file per change.\n\n## 1\n", "2", "today", ["a\nb"])
    assert text == "# Changes\none file per change.\n\n## 2 (today)\n\n* a b\n\n## 1\n"
