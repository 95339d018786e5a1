"""What a process and its children hold: memory and descriptors, from /proc."""

import contextlib
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


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


def peak_bytes(pid: int) -> int:
    """Return the most that one process ever had resident."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (peak,) = [line.split() for line in lines if line.startswith("VmHWM:")]
    return int(peak[1]) * 1024


def descriptors(pid: int) -> int:
    """Count the open descriptors of the whole family."""
    return sum(
        len(list(Path(f"/proc/{member}/fd").iterdir())) for member in family(pid)
    )


def sockets_of(pid: int) -> int:
    """Count the open sockets of one process."""
    links = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
            links.append(str(link.readlink()))
    return sum(link.startswith("socket:") for link in links)


def cpu_seconds(pid: int) -> float:
    """Add up the processor time of the whole family so far."""
    ticks = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_A_SECOND


@contextlib.contextmanager
def few_descriptors(pid: int, left: int) -> Iterator[None]:
    """Let a process open hardly any more descriptors while this lasts."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    most = max(int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir())
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (most + 1 + left, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def little_memory(pid: int, left: int) -> Iterator[None]:
    """Let a process take no more than so many bytes of addresses while this lasts."""
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    taken = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * PAGE_BYTES
    resource.prlimit(pid, resource.RLIMIT_AS, (taken + left, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_AS, before)


def allowance(size: int) -> int:
    """How much a process may grow for `size`; sanitizers keep a lot more."""
    return size * 16 if os.environ.get("TWEMPROXY_MODE") == "sanitized" else size
