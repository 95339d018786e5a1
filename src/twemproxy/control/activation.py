"""Sockets that the service manager bound for us: systemd's LISTEN_FDS."""

import os
import socket
from typing import Final

FIRST_FD: Final = 3


def inherited() -> list[socket.socket]:
    """Take the listening sockets meant for this process, once."""
    meant_for = os.environ.pop("LISTEN_PID", "")
    count = os.environ.pop("LISTEN_FDS", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if meant_for != str(os.getpid()) or not count.isdigit():
        return []
    sockets = []
    for fd in range(FIRST_FD, FIRST_FD + int(count)):
        os.set_inheritable(fd, False)
        try:
            handed = socket.socket(fileno=fd)
        except OSError:
            continue  # a pipe or a file: not ours to use
        handed.setblocking(False)
        sockets.append(handed)
    return sockets
