"""Clocks, memory and ports of this machine, read from /proc."""

import contextlib
import os
import re
import resource
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

TICK: Final = os.sysconf("SC_CLK_TCK")
PROC: Final = Path("/proc")
SWITCHES: Final = re.compile(r"ctxt_switches:\s+(\d+)")
MEMORY: Final = re.compile(r"Vm(RSS|HWM):\s+(\d+)")


class Cpu(NamedTuple):
    """CPU of some processes: exact sum, its parts in ticks, and switches."""

    total_s: float
    user_s: float
    system_s: float
    switches: int

    def since(self, before: "Cpu") -> "Cpu":
        """Return what was used after `before` was taken."""
        return Cpu(
            self.total_s - before.total_s,
            self.user_s - before.user_s,
            self.system_s - before.system_s,
            self.switches - before.switches,
        )

    @property
    def user_share(self) -> float:
        """User time among all; ticks are coarse, good for the proportion only."""
        ticks = self.user_s + self.system_s
        return self.user_s / ticks if ticks else 0.0


def descendants(pid: int) -> list[int]:
    """Return `pid` and all processes below it."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in (PROC / str(parent) / "task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def process_clock_s(pid: int) -> float:
    """Return the CPU clock of one process: exact, with its ended threads."""
    return time.clock_gettime((~pid << 3) | 2)


def stat_fields(pid: int) -> list[str]:
    """Return what follows the command name in /proc/PID/stat."""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def cpu_of(pids: Iterable[int]) -> Cpu:
    """Return the CPU used so far by the processes that still exist."""
    total = user = system = 0.0
    switches = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += process_clock_s(pid)
            fields = stat_fields(pid)
            user += int(fields[11]) / TICK
            system += int(fields[12]) / TICK
            for task in (PROC / str(pid) / "task").iterdir():
                switches += sum(
                    map(int, SWITCHES.findall((task / "status").read_text()))
                )
    return Cpu(total, user, system, switches)


class Memory(NamedTuple):
    """Resident memory of some processes, in KiB."""

    now: int
    peak: int  # the sum of their peaks
    largest: int  # the highest peak: with workers, that of one of them or its keeper


def memory_kb(pids: Iterable[int]) -> Memory:
    """Measure the processes that still exist."""
    now = [0]
    peaks = [0]
    for pid in pids:
        with contextlib.suppress(OSError):
            text = (PROC / str(pid) / "status").read_text()
            sizes = {kind: int(size) for kind, size in MEMORY.findall(text)}
            now.append(sizes["RSS"])
            peaks.append(sizes["HWM"])
    return Memory(sum(now), sum(peaks), max(peaks))


def everyone_s() -> float:
    """CPU seconds of all processes together.

    One that is reaped meanwhile moves from its own clock to the account of its
    parent, so the sum stays whole.
    """
    total = 0.0
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = stat_fields(int(entry.name))
                reaped = (int(fields[13]) + int(fields[14])) / TICK
                total += process_clock_s(int(entry.name)) + reaped
    return total


def established(ports: set[int]) -> int:
    """Count TCP connections from these local ports."""
    rows = (PROC / "net/tcp").read_text().splitlines()[1:]
    fields = [row.split() for row in rows]
    return sum(f[3] == "01" and int(f[1].split(":")[1], 16) in ports for f in fields)


def free_port() -> int:
    """Return a port that the kernel says is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def settled_on(cpus: set[int] | None) -> Callable[[], None]:
    """Return what a child does before it starts: take its cores and descriptors."""

    def settle() -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        if cpus:
            os.sched_setaffinity(0, cpus)

    return settle


def description() -> str:
    """Return what a reader of the figures must know of this machine."""
    system = os.uname()
    model = re.search(r"model name\s*: (.+)", (PROC / "cpuinfo").read_text())
    name = model[1] if model else system.machine
    return f"{os.cpu_count()} CPUs ({name}), kernel {system.release.split('-')[0]}"
