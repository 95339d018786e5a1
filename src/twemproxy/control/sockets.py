"""Every socket that listens, bound once, here, for all workers.

A worker that dies takes no listening socket with it, and a reload binds what is new
before anybody lets go of what was: in between the kernel queues the clients.
"""

import os
import socket
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from twemproxy import log
from twemproxy.config.model import Config, Listen, PoolConfig
from twemproxy.errors import ConfigError

NO_INODE: Final = (0, 0)

Address = tuple[str, int]  # a path has port 0
Place = tuple[int, tuple[str, int]]  # a family and where to bind


def address_of(listen: Listen) -> Address:
    """Tell listeners apart: permissions are no part of an address."""
    return (listen.path, 0) if listen.path else (listen.host, listen.port)


def look_up(listens: Iterable[Listen]) -> dict[Address, Place]:
    """Find where to bind; that takes as long as the name server does."""
    return {
        address_of(listen): resolve_own(listen.host, listen.port)
        for listen in listens
        if not listen.path
    }


class Listener:
    """One listening socket; while open, a UNIX one owns its file."""

    __slots__ = ("_inode", "_path", "socket")

    def __init__(self, bound: socket.socket, path: str = "") -> None:
        self.socket = bound
        self._path = path
        self._inode = _inode(path)

    def refresh(self, pool: PoolConfig) -> None:
        """Take over what a configuration can change of an open listener."""
        try:
            self.socket.listen(pool.backlog)
            if pool.listen.path and pool.listen.mode:
                Path(pool.listen.path).chmod(pool.listen.mode)
        except OSError as failure:
            text = pool.listen.text
            log.warn("listening on '%s' as it did: %s", text, _reason(failure))

    def close(self) -> None:
        """Stop listening; remove the file unless it is somebody else's by now."""
        self.socket.close()
        if self._path and _inode(self._path) == self._inode != NO_INODE:
            try:
                Path(self._path).unlink(missing_ok=True)
            except OSError as failure:
                log.warn("'%s' cannot be removed: %s", self._path, _reason(failure))


class Listeners:
    """The open listeners by address, changed as a whole by each configuration."""

    def __init__(self, inherited: Iterable[socket.socket] = ()) -> None:
        self._open: dict[Address, Listener] = {}
        self._inherited = list(inherited)

    def missing(self, config: Config) -> list[Listen]:
        """Return what `config` wants and is not open."""
        wanted = [pool.listen for pool in config.pools]
        return [listen for listen in wanted if address_of(listen) not in self._open]

    def cover(
        self, config: Config, places: dict[Address, Place]
    ) -> tuple[dict[str, Listener], list[Address]]:
        """Open what is missing: listeners by pool, and which of them are new.

        The `places` are those of what is missing. ConfigError when an address cannot
        be had; then nothing has changed.
        """
        fresh: list[Address] = []
        found: dict[str, Listener] = {}
        try:
            for pool in config.pools:
                address = address_of(pool.listen)
                if address not in self._open:
                    self._open[address] = self._obtain(pool, places.get(address))
                    fresh.append(address)
                found[pool.name] = self._open[address]
        except ConfigError:
            self.close(fresh)
            raise
        return found, fresh

    def keep_only(self, config: Config) -> None:
        """Close what `config` has no pool for; refresh what a key can change."""
        wanted = {address_of(pool.listen): pool for pool in config.pools}
        self.close([address for address in self._open if address not in wanted])
        for address, pool in wanted.items():
            self._open[address].refresh(pool)

    def close(self, addresses: Iterable[Address] | None = None) -> None:
        """Close these, all without an argument."""
        for address in list(self._open if addresses is None else addresses):
            self._open.pop(address).close()

    def _obtain(self, pool: PoolConfig, place: Place | None) -> Listener:
        for bound in self._inherited:
            if bound.getsockname() == (place[1] if place else pool.listen.path):
                self._inherited.remove(bound)
                listener = Listener(bound)
                listener.refresh(pool)
                return listener
        if place is None:
            return _open_unix(pool.listen, pool.backlog)
        return _open_tcp(pool, place)


def open_own(what: str, host: str, port: int) -> socket.socket:
    """Bind a port of our own and listen on it; an error says `what` it is for."""
    family, address = resolve_own(host, port)
    bound = _new_socket(family)
    label = f"m {bound.fileno()} to {what} addr '{host}:{port}'"
    bind_tcp(bound, address, label, socket.SOMAXCONN, False)
    return bound


def resolve_own(host: str, port: int) -> Place:
    """Find where to bind: the first address of the resolver's answer."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as failure:
        reason = getattr(failure, "strerror", None) or failure
        raise ConfigError(
            f"address resolution of node '{host}' service '{port}' failed: {reason}"
        ) from failure
    family, _, _, _, address = found[0]
    return family, address  # type: ignore[return-value] # of a family with ports


def bind_tcp(
    bound: socket.socket,
    address: tuple[str, int],
    label: str,
    backlog: int,
    reuseport: bool,
) -> None:
    """Bind `bound` and let it listen, or close it and say what failed."""
    try:
        bound.setblocking(False)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuseport:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(address)
        bound.listen(backlog)
    except OSError as failure:
        bound.close()
        raise ConfigError(f"bind on {label} failed: {_reason(failure)}") from failure


def _new_socket(family: int) -> socket.socket:
    """Make a socket to bind; ConfigError when no descriptor is left."""
    try:
        return socket.socket(family, socket.SOCK_STREAM)
    except OSError as failure:
        raise ConfigError(f"socket failed: {_reason(failure)}") from failure


def _open_tcp(pool: PoolConfig, place: Place) -> Listener:
    """Bind and listen; ConfigError in the C program's words."""
    family, address = place
    bound = _new_socket(family)
    label = f"p {bound.fileno()} to addr '{pool.listen.text}'"
    bind_tcp(bound, address, label, pool.backlog, pool.reuseport)
    return Listener(bound)


def _open_unix(listen: Listen, backlog: int) -> Listener:
    bound = _new_socket(socket.AF_UNIX)
    label = f"p {bound.fileno()} to addr '{listen.text}'"
    path = Path(listen.path)
    try:
        bound.setblocking(False)
        if _is_socket(path):
            path.unlink()
        bound.bind(listen.path)
        if listen.mode:
            path.chmod(listen.mode)
        bound.listen(backlog)
    except OSError as failure:
        bound.close()
        raise ConfigError(f"bind on {label} failed: {_reason(failure)}") from failure
    return Listener(bound, listen.path)


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.lstat().st_mode)
    except OSError:
        return False


def _inode(path: str) -> tuple[int, int]:
    try:
        status = os.lstat(path)
    except OSError:
        return NO_INODE
    return status.st_dev, status.st_ino


def _reason(failure: OSError) -> str:
    return os.strerror(failure.errno) if failure.errno else str(failure)
