"""What a process and its children hold: memory and descriptors, from /proc."""

import os
from pathlib import Path
from typing import Final

PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


def family(pid: int) -> list[int]:
    """List the process and all its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found


def resident_bytes(pid: int) -> int:
    """Add up the resident memory of the whole family."""
    return sum(
        int(Path(f"/proc/{member}/statm").read_text().split()[1]) * PAGE_BYTES
        for member in family(pid)
    )


def descriptors(pid: int) -> int:
    """Count the open descriptors of the whole family."""
    return sum(
        len(list(Path(f"/proc/{member}/fd").iterdir())) for member in family(pid)
    )


def sockets_of(pid: int) -> int:
    """Count the open sockets of one process."""
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    return sum(link.startswith("socket:") for link in links)


def allowance(size: int) -> int:
    """How much a process may grow for `size`; sanitizers keep a lot more."""
    return size * 16 if os.environ.get("TWEMPROXY_MODE") == "sanitized" else size
