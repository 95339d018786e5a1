"""A terminal of 80 by 24 that a program believes to be real: tmux, looked at."""

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self
from uuid import uuid4

COLUMNS: Final = 80
ROWS: Final = 24


class Terminal:
    """Runs one command until closed; `screen` is what a person would see."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Start it in a tmux server of its own."""
        self._server = f"test-{uuid4().hex[:12]}"
        settings = [f"{name}={env[name]}" for name in ("PATH", "PYTHONPATH")]
        line = shlex.join(["env", "TERM=screen-256color", *settings, *command])
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        self._tmux("-f", "/dev/null", "new-session", "-d", *size, line)

    @property
    def screen(self) -> str:
        """The text on it now."""
        return self._tmux("capture-pane", "-p")

    @property
    def running(self) -> bool:
        """Whether the program has not ended."""
        return bool(self._tmux("list-sessions", check=False))

    @property
    def child(self) -> int:
        """The process that the program, a shell, has started."""
        shell = self._tmux("display-message", "-p", "#{pane_pid}").strip()
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text()
        return int(children.split()[0])

    def press(self, key: str) -> None:
        """Press a key."""
        self._tmux("send-keys", key)

    def _tmux(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._server, *words],
            capture_output=True,
            text=True,
            timeout=20,
            check=check,
        )
        return done.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server", check=False)
