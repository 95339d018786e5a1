"""The pid file: our number, no line end, as the C program writes it."""

import os
from pathlib import Path


def write(path: str) -> None:
    """Write it over whatever is there; a stale one is no reason not to start."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        os.write(fd, str(os.getpid()).encode())
    finally:
        os.close(fd)


def remove(path: str) -> None:
    """Remove it unless it is none, or another process has written its own since."""
    file = Path(path)
    try:
        # Of a pipe, such as /dev/stdout, we would wait for what nobody writes.
        if file.is_file() and file.read_bytes() == str(os.getpid()).encode():
            file.unlink()
    except OSError:
        return
