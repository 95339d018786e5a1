"""Servers that stay up, proxies and generators that come and go."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from bench.proxybench import machine
from bench.proxybench.contenders import Contender, filled_in
from bench.proxybench.workloads import Workload

LOADGEN: Final = Path(__file__).with_name("loadgen.c")
START_WAIT_S: Final = 20
STOP_WAIT_S: Final = 8
PROBES: Final = {
    "redis": (b"*2\r\n$3\r\nGET\r\n$8\r\npb-probe\r\n", b"$-1"),
    "memcached": (b"get pb-probe\r\n", b"END"),
}
SMALL_VALUE: Final = 1024  # filled in a deep pipeline

REDIS_OPTIONS: Final = [
    "--bind",
    "127.0.0.1",
    "--appendonly",
    "no",
    "--protected-mode",
    "no",
    "--tcp-backlog",
    "4096",
    "--maxclients",
    "15000",
    "--loglevel",
    "warning",
    "--databases",
    "1",
]
MEMCACHED_OPTIONS: Final = [
    "-l",
    "127.0.0.1",
    "-U",
    "0",
    "-t",
    "1",
    "-m",
    "1024",
    "-c",
    "15000",
    "-I",
    "4m",
    "-u",
    "root",
]


class BenchError(Exception):
    """A program did not start or did not do its work; the run does not count."""


@dataclass(frozen=True, slots=True)
class Place:
    """A running proxy: where it listens; no process if there is none."""

    port: int
    process: "subprocess.Popen[bytes] | None"

    @property
    def pids(self) -> list[int]:
        """Its process tree."""
        return machine.descendants(self.process.pid) if self.process else []


def stop(process: "subprocess.Popen[bytes] | subprocess.Popen[str]") -> None:
    """End `process`, by force if it takes its time."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_answer(port: int, proto: str, process: "subprocess.Popen[bytes]") -> None:
    """Return once a look-up through `port` is answered with a miss."""
    request, answer = PROBES[proto]
    deadline = time.monotonic() + START_WAIT_S
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), 1) as conn,
        ):
            conn.settimeout(2)
            conn.sendall(request)
            if conn.recv(256).startswith(answer):
                return
        time.sleep(0.03)
    raise BenchError(f"{process.args!r} gave no answer, status {process.poll()}")


class Laboratory:
    """Owns a scratch folder, the generator and the servers.

    Pinned, the proxy has the first core for itself, and the generator and the
    servers share the others; else the kernel decides.
    """

    def __init__(self, servers: int, *, pinned: bool) -> None:
        """Compile the generator; servers start when first needed."""
        cores = os.cpu_count() or 1
        self.pinned = pinned and cores > 1
        self.server_pids: dict[str, list[int]] = {}
        self.server_ports: dict[str, list[int]] = {}
        self._count = servers
        self._proxy_cores = {0} if self.pinned else None
        self._other_cores = set(range(1, cores)) if self.pinned else None
        self._filled: set[tuple[str, int, int]] = set()
        self._open = contextlib.ExitStack()
        self._folder = Path(
            self._open.enter_context(tempfile.TemporaryDirectory(prefix="proxybench-"))
        )
        self._generator = str(self._folder / "loadgen")
        subprocess.run(
            [os.environ.get("CC", "cc"), "-O2", "-o", self._generator, str(LOADGEN)],
            check=True,
        )

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the servers, remove the folder."""
        self._open.close()

    def prepare(self, workload: Workload) -> None:
        """Have servers that hold every key of `workload`, whatever the routing."""
        if workload.proto not in self.server_ports:
            self._start_servers(workload.proto)
        content = (workload.proto, workload.size, workload.keyspace)
        if content in self._filled:
            return
        for port in self.server_ports[workload.proto]:
            depth = "64" if workload.size <= SMALL_VALUE else "1"
            words = self._words(workload, port, "fill", ["--pipeline", depth])
            subprocess.run(
                [*words, "--conns", "4", "--rate", "0"],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        self._filled.add(content)

    def _start_servers(self, proto: str) -> None:
        pids, ports = [], []
        for _ in range(self._count):
            port = machine.free_port()
            if proto == "redis":
                words = ["redis-server", "--port", str(port), *REDIS_OPTIONS]
                words += ["--save", "", "--dir", str(self._folder)]
            else:
                words = ["memcached", "-p", str(port), *MEMCACHED_OPTIONS]
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=machine.settled_on(self._other_cores),
            )
            self._open.callback(stop, process)
            wait_for_answer(port, proto, process)
            pids.append(process.pid)
            ports.append(port)
        self.server_pids[proto], self.server_ports[proto] = pids, ports

    def _words(
        self, workload: Workload, port: int, op: str, more: Sequence[str]
    ) -> list[str]:
        values = {
            "--port": port,
            "--proto": workload.proto,
            "--op": op,
            "--conns": workload.conns,
            "--pipeline": workload.pipeline,
            "--keys": workload.keys,
            "--size": workload.size,
            "--keyspace": workload.keyspace,
            "--prefix": workload.prefix,
            "--rate": workload.rate,
        }
        if workload.get_percent is not None:
            values["--getpct"] = workload.get_percent
        return [
            self._generator,
            *(str(x) for pair in values.items() for x in pair),
            *more,
        ]

    @contextlib.contextmanager
    def proxy(self, contender: Contender, proto: str) -> Iterator[Place]:
        """Run `contender` in front of the servers of `proto`."""
        ports = self.server_ports[proto]
        if contender.direct:
            yield Place(ports[0], None)
            return
        folder = Path(tempfile.mkdtemp(prefix=contender.name, dir=self._folder))
        port = machine.free_port()
        values = {
            "$SERVERS": contender.servers(ports),
            "$LISTEN": str(port),
            "$STATS": str(machine.free_port()),
            "$DIR": str(folder),
        }
        contender.write_files(folder, proto, values)
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(
                [filled_in(word, values) for word in contender.argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
                preexec_fn=machine.settled_on(self._proxy_cores),
            )
        try:
            wait_for_answer(port, proto, process)
            yield Place(port, process)
        except BenchError as error:
            said = (folder / "output").read_text(errors="replace")[-600:]
            raise BenchError(f"{contender.name}: {error}\n{said}") from None
        finally:
            stop(process)
            shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def load(
        self, workload: Workload, port: int, more: Sequence[str]
    ) -> Iterator["Load"]:
        """Run the generator; it is warm and waits when the body begins."""
        process = subprocess.Popen(
            self._words(workload, port, workload.op, more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=machine.settled_on(self._other_cores),
        )
        try:
            yield Load(process)
        finally:
            stop(process)


class Load:
    """A generator that is connected and warm."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        """Wait until it says that it is ready."""
        self.pid = process.pid
        self._process = process
        line = self._line()
        if not line.startswith("READY"):
            raise BenchError(f"the generator said {line!r}")

    def _line(self) -> str:
        if self._process.stdout is None:
            raise BenchError("the generator has no output")
        return self._process.stdout.readline().strip()

    def measure(self) -> str:
        """Let it go; return the line it prints when it is through."""
        if self._process.stdin is None:
            raise BenchError("the generator has no input")
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return self._line()
