"""Readiness: which descriptors can be read or written now.

The seam between the loop and the operating system. Two implementations: a
compiled, edge-triggered epoll and a portable one on `selectors`. A handler must
be happy with both: it reads again after a read that filled its room, and it may
be told more often than needed.
"""


class Poller:
    """Watches descriptors; `wait` fills the arrays that `fd` and `flags` read."""

    __slots__ = ()

    def add(self, fd: int) -> None:
        """Watch `fd` for reading and for becoming writable."""
        raise NotImplementedError

    def remove(self, fd: int) -> None:
        """Stop watching `fd`; call before closing it."""
        raise NotImplementedError

    def want(self, fd: int, read: bool, write: bool) -> None:
        """Say what is of interest; edge-triggered pollers need not be told."""
        raise NotImplementedError

    def wait(self, timeout_ms: int) -> int:
        """Wait for events, at most `timeout_ms` (-1: forever); return how many."""
        raise NotImplementedError

    def fd(self, i: int) -> int:
        """Return the descriptor of event `i`."""
        raise NotImplementedError

    def flags(self, i: int) -> int:
        """Return what happened to it: READ, WRITE, HANGUP of `outcome`."""
        raise NotImplementedError

    def breathe(self, time_us: int) -> None:
        """Sleep for a moment so short that only a fine timer can measure it."""
        raise NotImplementedError
