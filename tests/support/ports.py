"""TCP ports that stay ours from the moment the kernel hands them out.

A port that was bound, closed and remembered can be taken by anybody before the
server under test binds it. A reservation stays bound without listening: with
SO_REUSEADDR on both sides the server may bind and listen next to it, the kernel
gives the number to nobody else, and until then connects are refused.
"""

import errno
import socket
from typing import Self

LOOPBACK = "127.0.0.1"


class Reservation:
    """One port, ours until `release`."""

    def __init__(self, host: str = LOOPBACK) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._holder = socket.socket(family, socket.SOCK_STREAM)
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind((host, 0))
        self.host = host
        self.port: int = self._holder.getsockname()[1]

    def release(self) -> None:
        """Give the port back to the kernel."""
        self._holder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def is_listening(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether somebody listens, without a connection that he would count."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise
    return False
