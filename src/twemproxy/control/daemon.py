"""Leave the terminal: the classic double fork, before any loop or thread exists."""

import os
import signal


def detach() -> None:
    """Return in a process of its own session with no terminal; the parent is gone.

    The working directory stays, because the log, the pid file and the configuration
    may have relative names and are opened again later.
    """
    _fork_and_leave()
    os.setsid()
    hangup = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _fork_and_leave()  # not a session leader: no terminal can come back
    signal.signal(signal.SIGHUP, hangup)
    os.umask(0)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    if null > 2:  # noqa: PLR2004 # it may have become one of the three
        os.close(null)


def fill_standard_streams() -> None:
    """Open what was started closed, or a socket of ours would be taken for stderr."""
    fd = os.open(os.devnull, os.O_RDWR)
    while fd <= 2:  # noqa: PLR2004 # one of the three, for our workers too
        os.set_inheritable(fd, True)
        fd = os.open(os.devnull, os.O_RDWR)
    os.close(fd)


def _fork_and_leave() -> None:
    if os.fork():
        os._exit(0)
