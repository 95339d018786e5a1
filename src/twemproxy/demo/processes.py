"""Child processes of the demo: started quietly, stopped surely."""

import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
STOP_WAIT_S: Final = 5


class DemoError(Exception):
    """The demo cannot go on; its text is meant for the person watching."""


def free_port() -> int:
    """Return a port that the kernel says is free now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


class Process:
    """One child in a session of its own, so that Ctrl-C reaches only the demo.

    Its output goes to a file: the last lines of it are what we show when the
    child ends although nobody asked it to.
    """

    def __init__(self, argv: list[str], log: Path) -> None:
        """Start `argv` with both output streams appended to `log`."""
        self.argv = argv
        self.log = log
        with log.open("ab") as sink:
            self._child = subprocess.Popen(  # noqa: S603 - our own command lines
                argv,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id, valid until `stop` or `kill` returns."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the child lives."""
        return self._child.poll() is None

    def kill(self) -> None:
        """End it as a crash would."""
        self._child.kill()
        self._child.wait()

    def stop(self) -> None:
        """Ask it to end, and insist after a while."""
        if not self.running:
            return
        self._child.terminate()
        try:
            self._child.wait(STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def last_words(self) -> str:
        """Return the end of its output, for an error message."""
        return self.log.read_text(errors="replace")[-600:].strip()


def find_program(*names: str) -> str | None:
    """Return the first of `names` on the PATH or where daemons live."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return next(
        (found for name in names if (found := shutil.which(name, path=path))), None
    )
