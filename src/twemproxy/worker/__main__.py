"""The process: its signals, its title, its garbage, its last words."""

import gc
import signal
import sys
from types import ModuleType
from typing import Final

from twemproxy import log
from twemproxy.net.epoll import EpollPoller
from twemproxy.net.portable import PortablePoller
from twemproxy.worker.worker import Worker

IGNORED: Final = (
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU),
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE),
)
CLIENT_NUMBER_BITS: Final = 40  # below the number of the worker: both fit a float's 53


def main(argv: list[str]) -> int:
    """Run as ``python -m twemproxy.worker INDEX CONTROL COUNTERS POLLER OTHERS``.

    The descriptors of the line, of our counters and of every other worker's. Signals
    are for the supervisor, even those sent to all processes of a service or a terminal.
    """
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    show_title(f"nutcracker: worker {argv[1]}")
    poller = PortablePoller() if argv[4] == "portable" else EpollPoller()
    others = [int(fd) for fd in argv[5:]]
    worker = Worker(int(argv[2]), int(argv[3]), poller, others)
    worker.process.numbered = int(argv[1]) << CLIENT_NUMBER_BITS
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        worker.run()
    except Exception as bug:  # the edge of a worker: the log has to tell
        log.error("%r in %s", bug, trail(bug))
        raise
    return 0


def show_title(title: str) -> None:
    """Set our title in `ps`, without the logging that its package imports: 1 MB.

    For the time of the import the package is a shell around its compiled half.
    """
    specs = (finder.find_spec("setproctitle", None) for finder in sys.meta_path)
    spec = next(filter(None, specs))
    shell = ModuleType("setproctitle")
    shell.__path__ = list(spec.submodule_search_locations or ())
    sys.modules["setproctitle"] = shell
    try:
        set_title = __import__("setproctitle._setproctitle", fromlist=["setproctitle"])
    finally:
        del sys.modules["setproctitle"]
    set_title.setproctitle(title)


def trail(bug: BaseException) -> str:
    """Tell through which lines an exception came, the innermost first."""
    places = []
    at = bug.__traceback__
    while at is not None:
        file = at.tb_frame.f_code.co_filename
        places.append(f"{file[file.rfind('/') + 1 :]}:{at.tb_lineno}")
        at = at.tb_next
    return " < ".join(reversed(places))


if __name__ == "__main__":
    sys.exit(main(sys.argv))
