"""A Redis server and a client that know what belongs together: replies name their keys.

The server answers each request with its own arguments, so that whoever reads a reply
can tell whose request it answers. `MGET` gets one value per key, all others a line.
"""

from typing import Final

CRLF: Final = b"\r\n"


def bulk(word: bytes) -> bytes:
    """Encode one value."""
    return b"$%d\r\n%b\r\n" % (len(word), word)


def reply_to(words: list[bytes]) -> bytes:
    """Answer a request, or a part of one."""
    name, *arguments = words
    if name.lower() == b"mget":
        return b"*%d\r\n" % len(arguments) + b"".join(map(bulk, arguments))
    return bulk(b"/".join([name.lower(), *arguments]))


def take_request(heard: bytearray) -> list[bytes] | None:
    """Cut the first whole request off, as its words."""
    spans = _spans(heard)
    if spans is None:
        return None
    words = [bytes(heard[start:end]) for start, end in spans]
    del heard[: spans[-1][1] + 2]
    return words


def _spans(heard: bytearray) -> list[tuple[int, int]] | None:
    """Find the words of the first request, None when it is not whole."""
    at = heard.find(CRLF)
    if at < 0:
        return None
    spans = []
    count, at = int(heard[1:at]), at + 2
    for _ in range(count):
        end = heard.find(CRLF, at)
        if end < 0:
            return None
        start, at = end + 2, end + 4 + int(heard[at + 1 : end])
        if at > len(heard):
            return None
        spans.append((start, at - 2))
    return spans


def take_reply(heard: bytearray) -> bytes | None:
    """Cut the first whole reply off: a value, an array of values or an error."""
    end = heard.find(CRLF)
    if end < 0:
        return None
    at = end + 2
    if heard[:1] != b"-":
        for _ in range(int(heard[1:end]) if heard[:1] == b"*" else 1):
            start = at if heard[:1] == b"*" else 0
            end = heard.find(CRLF, start)
            if end < 0:
                return None
            at = end + 4 + int(heard[start + 1 : end])
            if at > len(heard):
                return None
    reply = bytes(heard[:at])
    del heard[:at]
    return reply
