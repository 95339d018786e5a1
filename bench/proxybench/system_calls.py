"""How many system calls a request costs, counted by perf or strace."""

import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from bench.proxybench.contenders import Contender
from bench.proxybench.laboratory import BenchError, Laboratory
from bench.proxybench.run import json_of
from bench.proxybench.workloads import Workload

ATTACH_S: Final = 0.7  # until the tracer surely counts
MIN_SHARE: Final = 0.0005
STRACE_ROW: Final = re.compile(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s.*?(\w+)$")
TOTAL_EVENT: Final = "raw_syscalls:sys_enter"
EVENTS: Final = Path("/sys/kernel/tracing/events/syscalls")
CALLS: Final = [
    "read",
    "readv",
    "recvfrom",
    "recvmsg",
    "write",
    "writev",
    "sendto",
    "sendmsg",
    "epoll_wait",
    "epoll_pwait",
    "epoll_ctl",
    "poll",
    "getpeername",
    "setsockopt",
    "fcntl",
    "futex",
    "accept4",
    "close",
    "clock_gettime",
    "mmap",
    "munmap",
    "madvise",
    "brk",
]


def perf_works() -> bool:
    """Whether this kernel lets perf count system calls; it disturbs least."""
    if not shutil.which("perf"):
        return False
    trial = subprocess.run(
        ["perf", "stat", "-x,", "-e", TOTAL_EVENT, "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    return trial.returncode == 0 and "not supported" not in trial.stderr


def tracer(pids: list[int], output: Path) -> list[str]:
    """Return a command that counts the calls of `pids` until it is interrupted."""
    if perf_works():
        known = {path.name for path in EVENTS.glob("*")}
        single = [f"sys_enter_{call}" for call in CALLS]
        events = [f"syscalls:{name}" for name in single if name in known]
        which = ",".join([TOTAL_EVENT, *events])
        tree = ",".join(map(str, pids))
        return ["perf", "stat", "-x,", "-o", str(output), "-e", which, "-p", tree]
    attach = [word for pid in pids for word in ("-p", str(pid))]
    return ["strace", "-c", "-f", "-o", str(output), *attach]


def counts(text: str) -> dict[str, int]:
    """Read what either tracer wrote: calls by name, and their total."""
    found: dict[str, int] = {}
    for line in text.splitlines():
        if "sys_enter" in line:  # perf: count,unit,event,...
            number, _, event = line.split(",")[:3]
            if number.isdigit():
                name = "total" if event == TOTAL_EVENT else event.partition("enter_")[2]
                found[name] = int(number)
        else:  # strace: % seconds usecs/call calls [errors] name
            match = STRACE_ROW.match(line)
            if match:
                found[match[2]] = int(match[1])
    if "total" not in found:
        found["total"] = sum(found.values())
    return found


def calls_per_request(
    lab: Laboratory, contender: Contender, workload: Workload, seconds: float
) -> dict[str, float]:
    """Return calls per request by name, most frequent first, with ``total``."""
    lab.prepare(workload)
    length = ["--seconds", str(seconds), "--warmup", "0.5"]
    with (
        tempfile.TemporaryDirectory() as folder,
        lab.proxy(contender, workload.proto) as place,
        lab.load(workload, place.port, length) as load,
    ):
        output = Path(folder) / "calls"
        process = subprocess.Popen(
            tracer(place.pids, output),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(ATTACH_S)
        said = json_of(load.measure())
        process.send_signal(signal.SIGINT)
        process.wait(10)
        if not output.exists():
            raise BenchError("neither perf nor strace can count here")
        each = {k: n / said["requests"] for k, n in counts(output.read_text()).items()}
    ranked = sorted(each.items(), key=lambda pair: -pair[1])
    return {name: round(n, 4) for name, n in ranked if n > MIN_SHARE}
