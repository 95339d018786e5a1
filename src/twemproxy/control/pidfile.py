"""The pid file: our number, no line end, as the C program writes it."""

import os
from pathlib import Path


def write(path: str) -> int:
    """Write it over whatever is there; a stale one is no reason not to start.

    The process that was named there, if it runs, else 0.
    """
    former = _number_in(path)
    _put(path, os.getpid())
    return former if _runs(former) else 0


def remove(path: str, former: int = 0) -> None:
    """Remove it unless it is none, or another process has written its own since.

    The `former` process gets it back while it runs.
    """
    if _number_in(path) != os.getpid():
        return
    try:
        if _runs(former):
            _put(path, former)
        else:
            Path(path).unlink()
    except OSError:
        return


def _put(path: str, number: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        os.write(fd, str(number).encode())
    finally:
        os.close(fd)


def _number_in(path: str) -> int:
    file = Path(path)
    try:
        # Of a pipe, such as /dev/stdout, we would wait for what nobody writes.
        return int(file.read_bytes()) if file.is_file() else 0
    except (OSError, ValueError):
        return 0


def _runs(number: int) -> bool:
    """Tell whether there is another process of that number."""
    if number <= 0 or number == os.getpid():
        return False
    try:
        os.kill(number, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
