"""Requests that took long, and where their time went.

    arrived ── queue ──▶ written ── server ──▶ answered ── proxy ──▶ replied

A pool that sets `slowlog_us` gives each of its requests a `Trace`; without it a request
costs two comparisons. A worker keeps the last `MAX_ENTRIES` slow ones. A split request
shows the fragment that was answered last. Times are those of the loop's ticks.
"""

import time
from collections import deque
from collections.abc import Iterable
from typing import Any, Final

MAX_ENTRIES: Final = 128
MAX_NOTE_BYTES: Final = 256  # of a request's beginning: its command and its key
# Commands whose key is not their first argument.
KEY_AT: Final = {
    **dict.fromkeys((b"eval", b"eval_ro", b"evalsha", b"evalsha_ro"), 3),
    **dict.fromkeys((b"fcall", b"fcall_ro", b"bitop", b"blmpop", b"bzmpop"), 3),
    **dict.fromkeys((b"lmpop", b"zmpop", b"sintercard", b"zunion", b"zinter"), 2),
    **dict.fromkeys((b"object", b"memory", b"xgroup", b"xinfo", b"zdiff"), 2),
    **dict.fromkeys((b"gat", b"gats"), 2),
}

Entry = dict[str, Any]


class Trace:
    """What a request remembers of its way; 0 is a station it did not come to."""

    __slots__ = ("answered_us", "note", "sent_us", "server")

    def __init__(self) -> None:
        """Begin where a request begins."""
        self.note = b""
        self.sent_us = 0
        self.answered_us = 0
        self.server = ""

    def answer(self, now_us: int, sent_us: int, server: str) -> None:
        """Note that a server has answered; of fragments the last one stays."""
        self.sent_us = sent_us
        self.answered_us = now_us
        self.server = server


class SlowLog:
    """The last slow requests of one worker, all pools together."""

    def __init__(self) -> None:
        """Begin empty."""
        self.entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)


class Tracer:
    """Takes the slow requests of one pool down."""

    def __init__(self, log: SlowLog, pool: str, hashed: bool) -> None:
        """Write to `log`; with `hashed` keys leave this machine only as digests."""
        self._log = log
        self._pool = pool
        self._hashed = hashed

    def take(self, trace: Trace, started_us: int, now_us: int, client: str) -> None:
        """Take one slow request down as it is answered."""
        sent_us = trace.sent_us or now_us
        answered_us = trace.answered_us or now_us
        command, key = command_and_key(trace.note)
        self._log.entries.append(
            {
                "time_us": time.time_ns() // 1000,
                "ended_us": now_us,  # of a clock that is never set back
                "pool": self._pool,
                "command": command,
                "key": key.decode("latin-1"),
                "hashed": self._hashed,
                "total_us": now_us - started_us,
                "queue_us": sent_us - started_us,
                "server_us": answered_us - sent_us,
                "proxy_us": now_us - answered_us,
                "client": client,
                "server": trace.server,
            }
        )


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Put the slow requests of several workers in one row, the latest last."""
    return sorted(entries, key=lambda entry: int(entry["ended_us"]))


def command_and_key(note: bytes) -> tuple[str, bytes]:
    """Find both in the first bytes of a request; what is cut off stays cut off."""
    words = _redis_words(note) if note[:1] == b"*" else note.split(b"\r\n")[0].split()
    if not words:
        return "", b""
    at = KEY_AT.get(words[0].lower(), 1)
    key = words[at] if at < len(words) else b""
    return words[0].decode("latin-1").lower(), key


def _redis_words(note: bytes) -> list[bytes]:
    words = []
    at = note.find(b"\r\n") + 2
    while note[at : at + 1] == b"$":
        end = note.find(b"\r\n", at)
        if end < 0:
            break
        length = int(note[at + 1 : end])
        words.append(note[end + 2 : end + 2 + length])
        at = end + 4 + length
    return words
