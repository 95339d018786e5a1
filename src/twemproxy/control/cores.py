"""How many workers `auto` means: the cores that we may use, not those there are."""

import os
from pathlib import Path
from typing import Final

QUOTA_FILE: Final = Path("/sys/fs/cgroup/cpu.max")


def usable(quota_file: Path = QUOTA_FILE) -> int:
    """Count the cores of our affinity, capped by the container's share of time."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        quota, period = quota_file.read_text().split()
    except (OSError, ValueError):
        return cores
    if quota == "max":
        return cores
    return max(1, min(cores, -(-int(quota) // int(period))))
