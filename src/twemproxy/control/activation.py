"""Sockets that the service manager bound for us: systemd's LISTEN_FDS."""

import os
import socket
from typing import Final

FIRST_FD: Final = 3


def inherited() -> list[socket.socket]:
    """Take the listening sockets meant for this process, before it opens anything.

    Later, a descriptor of ours could be taken for one that is promised and not there.
    """
    meant_for = os.environ.pop("LISTEN_PID", "")
    count = os.environ.pop("LISTEN_FDS", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if meant_for != str(os.getpid()) or not count.isdigit():
        return []
    sockets = []
    for fd in range(FIRST_FD, FIRST_FD + int(count)):
        try:
            os.set_inheritable(fd, False)
        except (OSError, OverflowError):
            break  # so many are not there
        try:
            handed = socket.socket(fileno=fd)
        except OSError:
            continue  # a pipe or a file: not ours to use
        handed.setblocking(False)
        if handed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            sockets.append(handed)
    return sockets
