"""What of a slow request may leave the process: never more of a key than was agreed.

Keys are user data. They leave cut and escaped, or as the beginning of their SHA-256,
which tells two keys apart and finds a known one.
"""

import hashlib
from typing import Final

from twemproxy.stats.slowlog import Entry

MAX_KEY_BYTES: Final = 64
DIGEST_DIGITS: Final = 16


def disclosed(entry: Entry) -> Entry:
    """Make an entry fit to leave."""
    key = str(entry["key"]).encode("latin-1")
    if entry["hashed"]:
        text = hashlib.sha256(key).hexdigest()[:DIGEST_DIGITS]
    else:
        text = key[:MAX_KEY_BYTES].decode("utf-8", "backslashreplace")
        text = "".join(c if c.isprintable() else _escaped(c) for c in text)
        text += "…" if len(key) > MAX_KEY_BYTES else ""
    return {**entry, "key": text}


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()
