"""What connections that do nothing cost, and what is given back after use."""

import time
from dataclasses import dataclass
from typing import Final

from bench.proxybench import machine
from bench.proxybench.contenders import Contender
from bench.proxybench.laboratory import Laboratory
from bench.proxybench.workloads import Workload

SETTLE_S: Final = 1.5


@dataclass(frozen=True, slots=True)
class Idle:
    """Resident memory of the proxy's processes, in KiB."""

    contender: str
    conns: int
    before_kb: int
    idle_kb: int
    used_kb: int  # after each connection has sent one request
    after_kb: int  # after all have gone

    @property
    def per_conn_kb(self) -> float:
        """What one idle connection holds."""
        return (self.idle_kb - self.before_kb) / self.conns

    def __str__(self) -> str:
        """Write it as one line."""
        sizes = (self.before_kb, self.idle_kb, self.used_kb, self.after_kb)
        before, idle, used, after = (f"{kb / 1024:.1f}" for kb in sizes)
        return (
            f"{self.contender:12} {self.conns} idle: {self.per_conn_kb:.2f} KB each; "
            f"MB before {before}, idle {idle}, used once {used}, gone {after}"
        )


def idle_memory(lab: Laboratory, contender: Contender, conns: int) -> Idle:
    """Hold `conns` idle clients, then let each send one request, then none."""
    waiting = Workload("idle", "redis", "idle", conns=conns)
    asking = Workload("one", "redis", "get", conns=conns)
    lab.prepare(asking)
    with lab.proxy(contender, "redis") as place:
        sizes = [machine.memory_kb(place.pids).now]
        with lab.load(waiting, place.port, []):
            time.sleep(SETTLE_S)
            sizes.append(machine.memory_kb(place.pids).now)
        time.sleep(SETTLE_S)
        once = ["--requests", str(conns), "--warmup", "0"]
        with lab.load(asking, place.port, once) as load:
            load.measure()
            time.sleep(SETTLE_S)
            sizes.append(machine.memory_kb(place.pids).now)
        time.sleep(SETTLE_S)
        sizes.append(machine.memory_kb(place.pids).now)
    return Idle(contender.name, conns, *sizes)
