"""Move the change fragments into the changelog: ``make changelog VERSION=1.2.0``."""

import datetime
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
INTRODUCTION: Final = "one file per change.\n"  # the end of what precedes all releases


def fragments(folder: Path) -> list[Path]:
    """Return the fragments, by name; the file that explains them is none."""
    return sorted(path for path in folder.glob("*.md") if path.name != "README.md")


def release(text: str, version: str, date: str, sentences: list[str]) -> str:
    """Return the changelog `text` with a new release above the earlier ones."""
    head, mark, earlier = text.partition(INTRODUCTION)
    items = "".join(f"* {' '.join(sentence.split())}\n" for sentence in sentences)
    return f"{head}{mark}\n## {version} ({date})\n\n{items}{earlier}"


def main(argv: list[str]) -> int:
    """Write the changelog and delete the fragments."""
    paths = fragments(ROOT / "changes")
    if len(argv) != 1 or not paths:
        print("usage: make changelog VERSION=x.y.z, with fragments in changes/")
        return 1
    log = ROOT / "CHANGELOG.md"
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    sentences = [path.read_text() for path in paths]
    log.write_text(release(log.read_text(), argv[0], today, sentences))
    for path in paths:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
