"""Opening connections to servers, without waiting for them."""

import contextlib
import errno
import socket
import sys
from collections.abc import Iterator
from struct import pack
from typing import Final

from twemproxy import limits

ATTEMPT_MS: Final = limits.ATTEMPT_MS
UNPACED: Final = b"reno"  # part of every Linux, and open to everybody
AT_ONCE: Final = pack("ii", 1, 0)  # to close so is to reset: no TIME_WAIT


def numeric_family(host: str) -> int:
    """Return the address family of a numeric address, 0 when it is a name."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host.partition("%")[0])
        except OSError:
            continue
        return family
    return 0


def dial_tcp(host: str, port: int) -> tuple[int, int]:
    """Begin to connect to a numeric address; return descriptor and errno.

    The errno is 0 when it is connected already, EINPROGRESS when it is on its
    way; otherwise there is no descriptor and it is -1.
    """
    family = numeric_family(host) or socket.AF_INET
    if "%" not in host:
        return _dial(family, (host, port))
    try:
        return _dial(family, scoped(host, port))
    except socket.gaierror:  # no such interface now
        return -1, errno.EHOSTDOWN


def scoped(host: str, port: int) -> tuple[str, int]:
    """Return the address behind an interface as the system takes it.

    A host and a port alone lose the interface.
    """
    found = socket.getaddrinfo(host.encode(), port, flags=socket.AI_NUMERICHOST)
    return found[0][4]  # type: ignore[return-value] # of a family with ports


def dial_unix(path: str) -> tuple[int, int]:
    """Begin to connect to a UNIX socket; see `dial_tcp`."""
    return _dial(socket.AF_UNIX, path)


class Addresses:
    """The addresses of one name, tried in turn; `left` are those not tried yet.

    While others are left, none may take more than its share of a request's time.
    """

    def __init__(self, found: list[str], port: int, timeout_ms: int) -> None:
        self.left = found[::-1]
        self.port = port
        self.tried = ""  # the latest
        self.share_ms = ATTEMPT_MS
        if timeout_ms and found:
            self.share_ms = min(ATTEMPT_MS, timeout_ms // len(found))

    def dial(self, status: int) -> tuple[int, int]:
        """Begin to connect to the next; `status` when none is left."""
        fd = -1
        while fd < 0 and self.left:
            self.tried = self.left.pop()
            fd, status = dial_tcp(self.tried, self.port)
        return fd, status


def _dial(family: int, address: tuple[str, int] | str) -> tuple[int, int]:
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        return -1, error.errno or errno.EIO
    try:
        sock.setblocking(False)
        if not isinstance(address, str):
            tune(sock, address[0])
        status = sock.connect_ex(address)
    except OSError as error:
        status = error.errno or errno.EINVAL
    if status not in (0, errno.EINPROGRESS):
        sock.close()
        return -1, status
    return sock.detach(), status


def tune(sock: socket.socket, host: str) -> None:
    """Have it send at once, and notice a peer that vanished without a word.

    A server on this host is sent to as fast as it reads: where the system's
    congestion control keeps a pace, as BBR does, that costs timers and gains nothing.
    """
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 90000)
        if host.startswith("127.") or host == "::1":
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, UNPACED)


@contextlib.contextmanager
def borrowed(fd: int) -> Iterator[socket.socket]:
    """Give a socket object for a descriptor that stays open and ours.

    No duplicate: there may be no descriptor left, and that must end nobody.
    """
    sock = socket.socket(fileno=fd)
    try:
        yield sock
    finally:
        sock.detach()


def shut_writing(fd: int) -> None:
    """Tell the peer that nothing more comes; what is under way still arrives."""
    with contextlib.suppress(OSError), borrowed(fd) as sock:
        sock.shutdown(socket.SHUT_WR)


def connect_error(fd: int) -> int:
    """Return the errno that connecting ended with, 0 when there is a peer.

    EINPROGRESS when it has not ended. Where nobody listens on a port of this host, our
    end may be given that very port and is then connected to itself: it would hear what
    it says, and keep the server from coming back. That is a refusal, too, and closing
    leaves nothing behind.
    """
    with borrowed(fd) as sock:
        status = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if status:
            return status
        try:
            peer = sock.getpeername()
        except OSError:
            return errno.EINPROGRESS
        if peer != sock.getsockname():
            return 0
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        return errno.ECONNREFUSED


def keep_alive(fd: int) -> None:
    """Have the system probe a silent client."""
    with borrowed(fd) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def peer_name(fd: int) -> str:
    """Return ``address:port`` of the peer, or what there is of a UNIX socket."""
    try:
        with borrowed(fd) as sock:
            return spelled(sock.getpeername())
    except OSError:
        return "unknown"


def own_name(fd: int) -> str:
    """Return our end of a connection, likewise."""
    with borrowed(fd) as sock:
        return spelled(sock.getsockname())


def spelled(name: object) -> str:
    """Return the name of a socket as people write it, in one word.

    A peer may bind its UNIX socket to a path of any bytes, line ends included.
    """
    if isinstance(name, tuple):
        return f"{name[0]}:{name[1]}"
    path = name if isinstance(name, str) else ""
    shown = [char if char.isprintable() and char != " " else "?" for char in path]
    return "".join(shown) or "unix"
