"""Where a supervisor is asked on Linux: a name in the abstract namespace.

All in one network see it, also containers that share that and nothing else, in which
two processes may have one number. So the namespace of the number belongs to the name.
"""

import re
from pathlib import Path


def name(pid: int) -> str:
    """Return the address of the admin socket of the process with our number `pid`."""
    return f"\0nutcracker-admin-{pid}{_namespace()}"


def listed(text: str) -> set[int]:
    """Find in the text of /proc/net/unix who can be asked."""
    pattern = rf" @nutcracker-admin-(\d+){_namespace()}$"
    return {int(pid) for pid in re.findall(pattern, text, re.MULTILINE)}


def _namespace() -> str:
    try:
        return f"-{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:  # without /proc nobody is found, but may be named
        return ""
