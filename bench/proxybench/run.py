"""One timed run and what it measured."""

import json
import time
from dataclasses import asdict, dataclass
from typing import Any

from bench.proxybench import machine
from bench.proxybench.contenders import Contender
from bench.proxybench.laboratory import BenchError, Laboratory
from bench.proxybench.workloads import Workload


@dataclass(frozen=True, slots=True)
class Run:
    """The figures of one run; per request unless the name says otherwise."""

    contender: str
    workload: str
    pinned: bool
    cpu_us: float
    user_us: float
    system_us: float
    ops: float  # requests per second
    p50_us: float
    p99_us: float
    p999_us: float
    utilisation: float  # of one core, by the proxy
    servers_us: float
    generator_us: float
    switches: float
    rss_kb: int
    peak_rss_kb: int  # all processes of the proxy
    largest_rss_kb: int  # the largest of them
    server_conns: int
    foreign: float  # cores' worth of CPU that went to somebody else
    faults: int  # errors, wrong values, misses and closed connections
    example: str  # the text of an error

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)


def timed_run(
    lab: Laboratory, contender: Contender, workload: Workload, seconds: float
) -> Run:
    """Start `contender`, drive it for a while, stop it."""
    lab.prepare(workload)
    length = ["--seconds", str(seconds), "--warmup", "0.5", "--seed", "1"]
    with (
        lab.proxy(contender, workload.proto) as place,
        lab.load(workload, place.port, length) as load,
    ):
        parties = [place.pids, lab.server_pids[workload.proto], [load.pid]]
        server_conns = machine.established(set(lab.server_ports[workload.proto]))
        everyone_s = machine.everyone_s()
        before = [machine.cpu_of(pids) for pids in parties]
        started_s = time.monotonic()
        line = load.measure()
        elapsed_s = time.monotonic() - started_s
        after = [machine.cpu_of(pids) for pids in parties]
        everyone_s = machine.everyone_s() - everyone_s
        memory = machine.memory_kb(place.pids)
    said = json_of(line)
    requests = max(1, said["requests"])
    proxy, servers, generator = map(machine.Cpu.since, after, before)
    own_s = proxy.total_s + servers.total_s + generator.total_s
    cpu_us = proxy.total_s / requests * 1e6
    return Run(
        contender=contender.name,
        workload=workload.name,
        pinned=lab.pinned,
        cpu_us=cpu_us,
        user_us=cpu_us * proxy.user_share,
        system_us=cpu_us * (1 - proxy.user_share),
        ops=said["ops"],
        p50_us=said["p50_us"],
        p99_us=said["p99_us"],
        p999_us=said["p999_us"],
        utilisation=proxy.total_s / said["seconds"],
        servers_us=servers.total_s / requests * 1e6,
        generator_us=generator.total_s / requests * 1e6,
        switches=proxy.switches / requests,
        rss_kb=memory.now,
        peak_rss_kb=memory.peak,
        largest_rss_kb=memory.largest,
        server_conns=server_conns,
        foreign=max(0.0, everyone_s - own_s) / elapsed_s,
        faults=sum(said[name] for name in ("errors", "misses", "mismatch", "closed")),
        example=said["error_text"],
    )


def json_of(line: str) -> dict[str, Any]:
    """Return the report of the generator; raise if it is none."""
    if not line.startswith("{"):
        raise BenchError(f"the generator said {line!r}")
    report: dict[str, Any] = json.loads(line)
    return report
