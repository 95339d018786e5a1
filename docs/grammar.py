"""What the proxy makes of bytes that two readers could understand differently.

One row per case: the page `docs/hardening.md` shows the rows, and the tests send
each of them through a running proxy and look at what the server behind received.
"""

from typing import Final, Literal, NamedTuple

Fate = Literal["forwarded", "rewritten", "ignored", "answered", "closed", "awaited"]

FATES: Final[dict[Fate, str]] = {
    "forwarded": "passed on byte for byte",
    "rewritten": "passed on as a client library would have written it",
    "ignored": "skipped, the connection goes on",
    "answered": "answered with an error, the connection goes on",
    "closed": "answered with an error line, closed, nothing passed on",
    "awaited": "nothing is done until the rest arrives",
}


class Case(NamedTuple):
    """One byte sequence and its fate; `passed` is what a server receives."""

    title: str
    sent: bytes
    fate: Fate
    passed: bytes = b""
    why: str = ""


GET: Final = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"

REDIS: Final = (
    Case("a well-formed request", GET, "forwarded", GET),
    Case("LF without CR after the count", b"*2\n$3\r\nGET\r\n$1\r\nk\r\n", "closed"),
    Case("LF without CR after a length", b"*2\r\n$3\nGET\r\n$1\r\nk\r\n", "closed"),
    Case("LF without CR after the name", b"*2\r\n$3\r\nGET\n$1\r\nk\r\n", "closed"),
    Case("LF without CR after the key", b"*2\r\n$3\r\nGET\r\n$1\r\nk\n\n", "closed"),
    Case("CR CR LF after the count", b"*2\r\r\n$3\r\nGET\r\n$1\r\nk\r\n", "closed"),
    Case("CR CR LF after a length", b"*2\r\n$3\r\r\nGET\r\n$1\r\nk\r\n", "closed"),
    Case("CR CR LF after the name", b"*2\r\n$3\r\nGET\r\r\n$1\r\nk\r\n", "closed"),
    Case("CR without LF", b"*2\r$3\r\nGET\r\n$1\r\nk\r\n", "closed"),
    Case("plus sign in a count", b"*+2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "closed"),
    Case("plus sign in a length", b"*2\r\n$+3\r\nGET\r\n$1\r\nk\r\n", "closed"),
    Case("count 0", b"*0\r\n" + GET, "forwarded", GET, "the empty request is skipped"),
    Case("count -1", b"*-1\r\n" + GET, "forwarded", GET, "as Redis does"),
    Case("count -0", b"*-0\r\n" + GET, "closed", why="there is one way to write 0"),
    Case("count - without digits", b"*-\r\n" + GET, "closed"),
    Case("length -1", b"*2\r\n$3\r\nGET\r\n$-1\r\n", "closed", why="no null requests"),
    Case("length -0", b"*2\r\n$3\r\nGET\r\n$-0\r\n\r\n", "closed"),
    Case(
        "leading zeros",
        b"*02\r\n$003\r\nGET\r\n$01\r\nk\r\n",
        "rewritten",
        GET,
        "the C program takes them, Redis does not",
    ),
    Case("32-bit overflow of a count", b"*4294967298\r\n$3\r\nGET\r\n", "closed"),
    Case("32-bit overflow of a length", b"*2\r\n$4294967299\r\nGET\r\n", "closed"),
    Case("64-bit overflow", b"*2\r\n$18446744073709551619\r\nGET\r\n", "closed"),
    Case("two million arguments", b"*2000000\r\n", "closed"),
    Case("a million arguments, announced", b"*1000000\r\n", "awaited"),
    Case("half a gigabyte and a byte", b"*2\r\n$3\r\nGET\r\n$536870913\r\n", "closed"),
    Case("half a gigabyte, announced", b"*2\r\n$3\r\nGET\r\n$60000\r\n", "awaited"),
    Case("blank after the count", b"*2 \r\n$3\r\nGET\r\n$1\r\nk\r\n", "closed"),
    Case("blank before the count", b"* 2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "closed"),
    Case("blank after a length", b"*2\r\n$3 \r\nGET\r\n$1\r\nk\r\n", "closed"),
    Case("hexadecimal", b"*2\r\n$0x3\r\nGET\r\n$1\r\nk\r\n", "closed"),
    Case("an empty count", b"*\r\n$3\r\nGET\r\n", "closed"),
    Case("an empty length", b"*2\r\n$\r\nGET\r\n", "closed"),
    Case("zero byte in a count", b"*2\0\r\n$3\r\nGET\r\n$1\r\nk\r\n", "closed"),
    Case("zero byte in the name", b"*2\r\n$4\r\nGET\0\r\n$1\r\nk\r\n", "answered"),
    Case(
        "zero byte in a key",
        b"*2\r\n$3\r\nGET\r\n$3\r\na\0b\r\n",
        "forwarded",
        b"*2\r\n$3\r\nGET\r\n$3\r\na\0b\r\n",
        "keys are bytes of a known number",
    ),
    Case(
        "a request in a key",
        b"*2\r\n$3\r\nGET\r\n$20\r\n" + GET + b"\r\n",
        "forwarded",
        b"*2\r\n$3\r\nGET\r\n$20\r\n" + GET + b"\r\n",
        "it stays a key: its length was checked",
    ),
    Case("length shorter than the name", b"*2\r\n$2\r\nGET\r\n$1\r\nk\r\n", "closed"),
    Case("length longer than the name", b"*2\r\n$4\r\nGET\r\n$1\r\nk\r\n", "closed"),
    Case("length shorter than the key", b"*2\r\n$3\r\nGET\r\n$0\r\nk\r\n", "closed"),
    Case("nested array", b"*2\r\n$3\r\nGET\r\n*1\r\n$1\r\nk\r\n", "closed"),
    Case("integer in a request", b"*2\r\n$3\r\nGET\r\n:1\r\n", "closed"),
    Case("map of RESP3", b"%1\r\n$3\r\nGET\r\n$1\r\nk\r\n", "answered"),
    Case("an empty name", b"*1\r\n$0\r\n\r\n", "answered"),
    Case("blank in front", b" " + GET, "answered", why="five lines typed by hand"),
    Case("a lone LF", b"\n" + GET, "forwarded", GET, "an empty line"),
    Case("typed by hand", b"GET k\r\n", "rewritten", GET),
    Case(
        "typed by hand, LF only", b"get  k \n", "rewritten", GET.replace(b"GET", b"get")
    ),
    Case("typed, in quotes", b"\"G\\x45T\" 'k'\r\n", "rewritten", GET),
    Case("typed, quote left open", b'GET "k\r\n', "closed"),
    Case("typed, text after a quote", b'GET "k"k\r\n', "closed"),
    Case("typed, zero byte", b"GET k\0 x\r\n", "closed"),
    Case("typed, without a key", b"get \r\n", "answered"),
    Case("MSET with an odd number", b"MSET a 1 b\r\n", "answered"),
    Case("a browser's POST", b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", "closed"),
    Case("a browser's GET", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "closed"),
    Case("a browser's Host:", b"Host: 127.0.0.1\r\n", "closed"),
    Case("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "closed"),
    Case("memcached's binary protocol", b"\x80\x00\x00\x01\x00\x00\x00\x00", "closed"),
    Case("a byte beyond ASCII in front", b"\xc3\xa9\r\n", "closed"),
)
