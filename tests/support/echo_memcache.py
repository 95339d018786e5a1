"""What a memcached would answer whose values are their keys.

It takes nothing but what a client library writes, and remembers what was not. It
reads requests in a way of its own, so that it makes no mistake of the proxy's.
"""

import re
from typing import Final

LINE: Final = re.compile(rb"([^\r\n]*)\r\n")
CONTROL: Final = re.compile(rb"[\0\r\n ]")
NUMBER: Final = re.compile(rb"[0-9]+")
MAX_KEY: Final = 250
META_DATA: Final = b"ms"
STORAGE: Final = (b"set", b"add", b"replace", b"append", b"prepend", b"cas")
LEAST: Final = {  # words; a `noreply` behind them is no argument
    **dict.fromkeys(STORAGE, 5),
    b"cas": 6,
    b"delete": 2,
    b"incr": 3,
    b"decr": 3,
    b"touch": 3,
    b"flush_all": 1,
    b"verbosity": 2,
}


class MemcacheEcho:
    """One connection to such a server; `wrong` is what it should not have got."""

    def __init__(self) -> None:
        self._rest = b""
        self.wrong: list[bytes] = []

    def answer(self, piece: bytes) -> bytes:
        """Take what arrived; the answers to all that is whole now."""
        data = self._rest + piece
        answers = []
        pos = 0
        while not self.wrong and (line := LINE.match(data, pos)):
            words = line[1].removesuffix(b" ").split(b" ")  # as the C program writes
            end = line.end()
            length = block_of(words)
            if length is not None:
                if len(data) < end + length + 2:
                    break
                end += length + 2
            if not is_good(words) or (
                length is not None and data[end - 2 : end] != b"\r\n"
            ):
                self.wrong.append(data[pos:end])
                break
            answers.append(answer_to(words))
            pos = end
        self._rest = data[pos:]
        if self._rest[:1] and not self._rest[:1].islower():
            self.wrong.append(self._rest[:200])
        return b"".join(answers)


def block_of(words: list[bytes]) -> int | None:
    """Return the length of the data behind a line, None where there are none."""
    at = 4 if words[0] in STORAGE else 2 if words[0] == META_DATA else 0
    if not at or len(words) <= at or not NUMBER.fullmatch(words[at]):
        return None
    return int(words[at])


def keys_of(words: list[bytes]) -> list[bytes]:
    """Return the keys of a line."""
    if words[0] in (b"get", b"gets"):
        return words[1:]
    if words[0] in (b"gat", b"gats"):
        return words[2:]
    has_one = words[0] in (*STORAGE, b"delete", b"incr", b"decr", b"touch")
    if has_one or re.fullmatch(rb"m[gsdae]", words[0]):
        return words[1:2]
    return []


def is_good(words: list[bytes]) -> bool:
    """Tell whether a line is written as client libraries write it."""
    if not all(words) or any(CONTROL.search(word) for word in words):
        return False
    return all(len(key) <= MAX_KEY for key in keys_of(words))


def answer_to(words: list[bytes]) -> bytes:
    """Answer as a server would, values being their keys."""
    name = words[0]
    if words[-1] == b"noreply" and name in LEAST and len(words) > LEAST[name]:
        return b""
    if name in (b"get", b"gets", b"gat", b"gats"):
        cas = b" 7" if name in (b"gets", b"gats") else b""
        return b"".join(value(key, cas) for key in keys_of(words)) + b"END\r\n"
    if re.fullmatch(rb"m[gsdae]", name):
        return b"" if any(word[:1] == b"q" for word in words[2:]) else b"HD\r\n"
    if name in (b"incr", b"decr"):
        return b"7\r\n"
    plain = {b"delete": b"DELETED", b"touch": b"TOUCHED", b"mn": b"MN"}
    plain |= dict.fromkeys(STORAGE, b"STORED")
    plain |= {b"flush_all": b"OK", b"verbosity": b"OK", b"version": b"VERSION 1"}
    return plain.get(name, b"ERROR") + b"\r\n"


def value(key: bytes, cas: bytes) -> bytes:
    """Encode a value that is its key."""
    return b"VALUE %b 0 %d%b\r\n%b\r\n" % (key, len(key), cas, key)
