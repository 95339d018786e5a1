"""Requests typed by hand: a line of words, quoted as Redis allows.

``SET greeting "hello world"`` becomes the array of bulk strings that a client
library would have sent. Cold: people type slowly.
"""

from typing import Final

from twemproxy.errors import ProtocolError
from twemproxy.wire.redis import answers

ESCAPES: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}
BLANKS: Final = b" \t\n\v\f\r"  # between words
ENDS: Final = b" \t\n\r"  # of a word without quotes; Redis is not of one mind here
FOREIGN: Final = (b"post", b"host:")  # what a browser says, whoever made it do so
REQUEST_LINE: Final = 3  # words of `GET /index.html HTTP/1.1`
HEX_DIGITS: Final = b"0123456789abcdefABCDEF"


def split_words(line: bytes) -> list[bytes]:
    """Split a line into words; raise ProtocolError at a quote that does not close.

    A zero byte is refused: to Redis the line would end there, to us it would not.
    """
    if b"\0" in line:
        raise ProtocolError("zero byte in request")
    words: list[bytes] = []
    pos = 0
    while True:
        while pos < len(line) and line[pos] in BLANKS:
            pos += 1
        if pos == len(line):
            return words
        word, pos = _read_word(line, pos)
        words.append(word)


def as_request(line: bytes) -> bytes:
    """Return the line as an array of bulk strings, empty when it has no words."""
    words = split_words(line)
    if not words:
        return b""
    if is_http(words):
        raise ProtocolError("this is HTTP, and not spoken here")
    return answers.request(words)


def is_foreign(name: bytes) -> bool:
    """Tell whether this stands where a command should, but is a browser's."""
    return name.lower() in FOREIGN


def is_http(words: list[bytes]) -> bool:
    """Tell whether a web browser said this, as part of a request to somebody else."""
    if is_foreign(words[0]):
        return True
    return len(words) == REQUEST_LINE and words[2].startswith(b"HTTP/")


def _read_word(line: bytes, pos: int) -> tuple[bytes, int]:
    word = bytearray()
    while pos < len(line) and line[pos] not in ENDS:
        if line[pos] in b"\"'":
            quoted, pos = _read_quoted(line, pos)
            word += quoted
            if pos < len(line) and line[pos] not in BLANKS:
                raise ProtocolError("unbalanced quotes in request")
            break
        word.append(line[pos])
        pos += 1
    return bytes(word), pos


def _read_quoted(line: bytes, pos: int) -> tuple[bytes, int]:
    """Read from an opening quote to behind the closing one."""
    quote = line[pos : pos + 1]
    text = bytearray()
    pos += 1
    while pos < len(line):
        char = line[pos : pos + 1]
        if char == quote:
            return bytes(text), pos + 1
        if char == b"\\" and pos + 1 < len(line):
            piece, width = _unescape(line, pos, quote)
            text += piece
            pos += width
        else:
            text += char
            pos += 1
    raise ProtocolError("unbalanced quotes in request")


def _unescape(line: bytes, pos: int, quote: bytes) -> tuple[bytes, int]:
    """Return what the escape at `pos` stands for and how long it is."""
    char = line[pos + 1 : pos + 2]
    if quote == b"'":
        return (b"'", 2) if char == b"'" else (b"\\", 1)
    digits = line[pos + 2 : pos + 4]
    if char == b"x" and len(digits) == 2 and all(d in HEX_DIGITS for d in digits):
        return bytes([int(digits, 16)]), 4
    return ESCAPES.get(char, char), 2
