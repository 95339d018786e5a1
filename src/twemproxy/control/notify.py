"""Tell the service manager how we are: systemd's datagrams, nothing more.

Without NOTIFY_SOCKET in the environment every call is nothing at all.
"""

import os
import socket
import time


def tell(*facts: str) -> None:
    """Send facts such as ``READY=1``; a deaf manager is no reason to stumble."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
    try:
        with socket.socket(socket.AF_UNIX, kind) as out:
            out.setblocking(False)
            out.sendto("\n".join(facts).encode(), address)
    except OSError:
        return


def reloading() -> None:
    """Tell that a reload has begun; `tell("READY=1")` ends it."""
    tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def watchdog_s() -> float:
    """Return the seconds between two signs of life that we owe, 0 for none."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    try:
        return max(0, int(os.environ.get("WATCHDOG_USEC", "0"))) / 2_000_000
    except ValueError:
        return 0.0
