"""Where mutations begin: the corpus in the repository, and what tables know."""

from pathlib import Path
from typing import Final

from docs.grammar import REDIS
from fuzz.splits import memcache_seeds, redis_seeds

FOLDER: Final = Path(__file__).parent / "corpus"
ROOT: Final = FOLDER.parents[1]


def corpus_of(target: str) -> list[bytes]:
    """Return the seeds of a target, in an order that stays the same."""
    seeds = [path.read_bytes() for path in sorted((FOLDER / target).glob("*"))]
    if target in ("redis_request", "redis_inline"):
        seeds += [case.sent for case in REDIS]
    if target == "configuration":
        seeds += [path.read_bytes() for path in sorted((ROOT / "conf").glob("*.yml"))]
    if target == "redis_split":
        seeds += redis_seeds()
    if target == "memcache_split":
        seeds += memcache_seeds()
    return seeds or [b""]


def keep(target: str, data: bytes, folder: Path) -> Path:
    """Write bytes that broke a target where they can be found again."""
    place = folder / target
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{abs(hash(data)):016x}"
    path.write_bytes(data)
    return path
