"""Writes a configuration, runs the proxy on it, shows what it does.

TWEMPROXY_UNDER_TEST names another program to test, such as the C `nutcracker`;
TWEMPROXY_MODE=interpreted runs ours from `build/interpreted`, where nothing is
compiled, and `sanitized` from `build/sanitized`; TWEMPROXY_POLLER chooses its poller.
"""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, Self

from tests.support.ports import LOOPBACK, Reservation, is_listening
from tests.support.waiting import wait_until
from tests.support.wire import Wire

ROOT: Final = Path(__file__).resolve().parents[2]
STOP_PATIENCE_S: Final = 5.0
STATS_INTERVAL_MS: Final = 50
RELOADED: Final = "in force\n"  # what the log says then, and where it is refused
REFUSED: Final = "reload failed, the configuration in force stays"
LISTEN: Final = re.compile(r"@LISTEN(\d*)@")
LISTEN_PATH: Final = re.compile(r"listen: *@DIR@/(\S+)")

Json = dict[str, object]


class Backend(Protocol):
    """Whatever a pool can name as its server."""

    port: int


def foreign() -> bool:
    """Whether another program than ours is under test."""
    return bool(os.environ.get("TWEMPROXY_UNDER_TEST"))


def program() -> list[str]:
    """The command that starts the program under test."""
    named = os.environ.get("TWEMPROXY_UNDER_TEST")
    if named:
        return shlex.split(named)
    poller = os.environ.get("TWEMPROXY_POLLER")
    return [
        *(sys.executable, "-m", "twemproxy"),
        *(("--poller", poller) if poller else ()),
    ]


def environment() -> dict[str, str]:
    """Our own environment, with the sources of the chosen mode in front."""
    mode = os.environ.get("TWEMPROXY_MODE", "compiled")
    source = ROOT / ("src" if mode == "compiled" else f"build/{mode}")
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(source), *([inherited] if inherited else ())])
    return {**os.environ, "PYTHONPATH": path}


def accepts(path: Path) -> bool:
    """Tell whether somebody listens on a UNIX socket, by connecting to it."""
    try:
        Wire(path).close()
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    return True


def pool(backends: Sequence[Backend], name: str = "alpha", **settings: object) -> str:
    """The lines of one pool; its servers are called server1, server2 and so on."""
    rows = [f"{name}:", f"  listen: {settings.pop('listen', '@LISTEN@')}"]
    for key, value in {"redis": True, **settings}.items():
        text = str(value).lower() if isinstance(value, bool) else value
        rows.append(f"  {key}: {text}")
    rows.append("  servers:")
    for number, backend in enumerate(backends, 1):
        rows.append(f"   - {LOOPBACK}:{backend.port}:1 server{number}")
    return "\n".join([*rows, ""])


class Proxy:
    """The program under test, running, on a configuration of its own.

    In the configuration `@LISTEN@`, `@LISTEN2@` … become addresses of ours, and
    `@DIR@` a directory that lives as long as the proxy.
    """

    def __init__(self, config: str, *arguments: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="nc-"))
        self._listeners: dict[str, Reservation] = {}
        self._stats = Reservation()
        self.stats_port = self._stats.port
        self._paths = [self.directory / name for name in LISTEN_PATH.findall(config)]
        text = LISTEN.sub(self._address, config).replace("@DIR@", str(self.directory))
        self.config_file = self.directory / "nutcracker.yml"
        self.config_file.write_text(text, encoding="latin-1")
        self.log_file = self.directory / "nutcracker.log"
        self._errors = (self.directory / "stderr").open("wb")
        self._arguments = arguments
        self._notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notices.bind(str(self.directory / "notify"))
        self._notices.setblocking(False)
        self._process = self._start()
        try:
            wait_until(self._up, f"the proxy to listen\n{text}")
        except BaseException:
            self.close()
            raise

    def _address(self, placeholder: re.Match[str]) -> str:
        reservation = self._listeners.setdefault(placeholder[1], Reservation())
        return f"{LOOPBACK}:{reservation.port}"

    def _start(self) -> subprocess.Popen[bytes]:
        own = ["-c", str(self.config_file), "-o", str(self.log_file)]
        stats = ["-a", LOOPBACK, "-s", str(self.stats_port)]
        interval = ["-i", str(STATS_INTERVAL_MS)]
        return subprocess.Popen(
            [*program(), *own, *stats, *interval, *self._arguments],
            env=environment() | {"NOTIFY_SOCKET": self._notices.getsockname()},
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
        )

    def _up(self) -> bool:
        if not self.running:
            raise RuntimeError(f"proxy ended at once\n{self.log}{self.errors}")
        ports = [listener.port for listener in self._listeners.values()]
        if not all(is_listening(port) for port in [*ports, self.stats_port]):
            return False
        if not all(accepts(path) for path in self._paths):
            return False
        return foreign() or self._heard_ready()

    def _heard_ready(self) -> bool:
        """Whether the proxy has told its service manager, us, that it serves."""
        return "READY=1" in self._heard()

    def _heard(self) -> list[str]:
        with contextlib.suppress(BlockingIOError):
            return self._notices.recv(4096).decode().split("\n")
        return []

    def notice(self) -> list[str]:
        """Wait for the next facts that it tells its service manager."""
        return wait_until(self._heard, "a notice")

    @property
    def port(self) -> int:
        """Where `@LISTEN@` listens."""
        return self._listeners[""].port

    def port_of(self, number: int) -> int:
        """Where `@LISTEN<number>@` listens."""
        return self._listeners[str(number)].port

    @property
    def pid(self) -> int:
        """The process that was started; workers are its children."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """The log so far."""
        if not self.log_file.exists():
            return ""
        return self.log_file.read_text(encoding="latin-1")

    @property
    def errors(self) -> str:
        """What it wrote to its standard output and error."""
        return (self.directory / "stderr").read_text(encoding="latin-1")

    def connect(self) -> Wire:
        """Open a new client connection to `@LISTEN@`."""
        return Wire(self.port)

    def stats(self) -> Json:
        """Fetch the stats document, now."""
        with Wire(self.stats_port) as conn:
            document = json.loads(conn.read_to_end())
        if not isinstance(document, dict):
            raise TypeError(document)
        return document

    def pool_stats(self, name: str = "alpha") -> Mapping[str, int]:
        """Counters of a pool, without those of its servers."""
        numbers = _object(self.stats()[name])
        return {key: value for key, value in numbers.items() if isinstance(value, int)}

    def server_stats(self, server: str, name: str = "alpha") -> Mapping[str, int]:
        """Counters of one server of a pool."""
        numbers = _object(_object(self.stats()[name])[server])
        return {key: value for key, value in numbers.items() if isinstance(value, int)}

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process that was started."""
        self._process.send_signal(number)

    def reload(self, config: str, outcome: str = RELOADED) -> str:
        """Have it take another file, and wait for the `outcome`; the log from then."""
        before = len(self.log)
        self.config_file.write_text(config)
        self.signal(signal.SIGUSR1)
        wait_until(lambda: outcome in self.log[before:], f"{outcome!r} in the log")
        return self.log[before:]

    def wait_end(self, patience_s: float = STOP_PATIENCE_S) -> int:
        """Wait for the process to end; its exit status."""
        return self._process.wait(patience_s)

    def close(self) -> None:
        """End it, and forget everything it wrote."""
        if self.running:
            self._process.terminate()
        try:
            self.wait_end()
        except subprocess.TimeoutExpired:
            self._process.kill()
            self.wait_end()
        self._errors.close()
        self._notices.close()
        for reservation in [*self._listeners.values(), self._stats]:
            reservation.release()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _object(value: object) -> Json:
    if not isinstance(value, dict):
        raise TypeError(value)
    return value
