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
        "zero byte behind an option",
        b"*6\r\n$5\r\nXREAD\r\n$6\r\nBLOCK\0\r\n$1\r\n0\r\n$7\r\nSTREAMS\r\n"
        b"$1\r\nk\r\n$1\r\n$\r\n",
        "answered",
        why="servers stop there, so it is BLOCK",
    ),
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
    Case("length longer than the key", b"*2\r\n$3\r\nGET\r\n$2\r\nk\r\n", "closed"),
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

SET: Final = b"set k 1 0 1\r\nv\r\n"
TWENTY: Final = b"ms k 7" + b" c" * 17 + b"\r\nget l\r\n\r\n"

MEMCACHE: Final = (
    Case("a well-formed line", b"get k\r\n", "forwarded", b"get k\r\n"),
    Case("a well-formed line with data", SET, "forwarded", SET),
    Case("LF without CR after a line", b"get k\nget l\r\n", "closed"),
    Case("LF without CR after the length", b"set k 1 0 1\nv\r\n", "closed"),
    Case("LF without CR after the data", b"set k 0 0 1\r\nx\n\r\n", "answered"),
    Case(
        "a lone LF",
        b"\nget k\r\n",
        "answered",
        b"get k\r\n",
        "an empty line, also behind data that are too long",
    ),
    Case("CR CR LF", b"get k\r\r\n", "closed"),
    Case("CR without LF", b"get k\rget l\r\n", "closed"),
    Case("zero byte in a key", b"get a\0b\r\n", "closed", why="memcached stops there"),
    Case(
        "zero byte in data",
        b"set k 0 0 3\r\na\0b\r\n",
        "forwarded",
        b"set k 0 0 3\r\na\0b\r\n",
        "data are bytes of a known number",
    ),
    Case("control byte in a key", b"get a\1b\r\n", "forwarded", b"get a\1b\r\n"),
    Case("tab in a key", b"get a\tb\r\n", "forwarded", b"get a\tb\r\n"),
    Case("byte beyond ASCII in a key", b"get \xff\r\n", "forwarded", b"get \xff\r\n"),
    Case("blanks too many", b"  get   k  \r\n", "rewritten", b"get k\r\n"),
    Case("an empty line", b"\r\n", "answered"),
    Case("a get with a blank and no key", b"get \r\n", "answered"),
    Case("upper case", b"GET k\r\n", "answered"),
    Case("plus sign in a length", b"set k 0 0 +1\r\nx\r\n", "answered"),
    Case("plus sign in the flags", b"set k +0 0 1\r\nx\r\n", "answered"),
    Case("plus sign in a time", b"touch k +1\r\n", "answered"),
    Case("plus sign in a delta", b"incr k +1\r\n", "answered"),
    Case("negative length", b"set k 0 0 -1\r\n", "answered"),
    Case("length -0", b"set k 0 0 -0\r\n\r\n", "answered"),
    Case(
        "negative time",
        b"set k 0 -1 1\r\nv\r\n",
        "forwarded",
        b"set k 0 -1 1\r\nv\r\n",
        "it is over",
    ),
    Case("leading zeros", b"set k 01 00 01\r\nv\r\n", "rewritten", SET),
    Case("time beyond 32 bits", b"set k 1 4294967296 1\r\nv\r\n", "rewritten", SET),
    Case("flags beyond 32 bits", b"set k 4294967297 0 1\r\nv\r\n", "rewritten", SET),
    Case("length beyond 32 bits", b"set k 0 0 4294967297\r\nx\r\n", "answered"),
    Case("64-bit overflow", b"set k 0 0 18446744073709551617\r\nx\r\n", "answered"),
    Case("hexadecimal", b"set k 0 0 0x1\r\nx\r\n", "answered"),
    Case("tab behind a length", b"set k 0 0 1\t\r\nx\r\n", "answered"),
    Case("no length", b"set k 0 0 \r\n", "answered"),
    Case("two gigabytes, announced", b"set k 0 0 2147483645\r\n", "answered"),
    Case("a gigabyte, announced", b"set k 0 0 1000000000\r\n", "awaited"),
    Case("length longer than the data", b"set k 0 0 9\r\nx\r\n", "awaited"),
    Case("length shorter than the data", b"set k 0 0 1\r\nxy\r\n", "answered"),
    Case(
        "a command in data",
        b"set k 0 0 7\r\nget l\r\n\r\n",
        "forwarded",
        b"set k 0 0 7\r\nget l\r\n\r\n",
        "it stays data: their length was checked",
    ),
    Case(
        "a command in refused data",
        b"set k x 0 7\r\nget l\r\n\r\n",
        "answered",
        why="memcached would carry it out",
    ),
    Case(
        "a command in the data of a long key",
        b"set %b 0 0 7\r\nget l\r\n\r\n" % (b"k" * 251),
        "answered",
        why="memcached would carry it out",
    ),
    Case(
        "a command in the data of an ms with 20 words",
        TWENTY,
        "answered",
        why="memcached would carry it out",
    ),
    Case(
        "an unknown command with data",
        b"sett k 0 0 7\r\nget l\r\n",
        "answered",
        b"get l\r\n",
        "nobody knows that they are data",
    ),
    Case("noreply, and a mistake", b"set k x 0 1 noreply\r\nv\r\n", "ignored"),
    Case("noreply in upper case", SET[:-5] + b" NOREPLY\r\nv\r\n", "rewritten", SET),
    Case("a time for delete", b"delete k 1\r\n", "answered"),
    Case("a time of 0 for delete", b"delete k 0\r\n", "forwarded", b"delete k 0\r\n"),
    Case("a key of 251 bytes", b"get %b\r\n" % (b"k" * 251), "answered"),
    Case("a key in base64", b"mg aw== b\r\n", "forwarded", b"mg aw== b\r\n"),
    Case("a key in bad base64", b"mg a*== b\r\n", "answered"),
    Case(
        "padding inside of base64",
        b"mg YQ==YQ== b\r\n",
        "answered",
        why="memcached reads it in a way of its own",
    ),
    Case("a line end in base64", b"mg YQpi b k\r\n", "forwarded", b"mg YQpi b k\r\n"),
    Case(
        "the same, made for want of a value",
        b"mg YQpi b N30 k\r\n",
        "answered",
        why="memcached would tell the key as it is",
    ),
    Case(
        "the same, made anew for a longer value",
        b"ma YQpi b\r\n",
        "answered",
        why="here, too; and `ms` with MA or MP",
    ),
    Case(
        "a quiet meta command",
        b"mg k q\r\n",
        "rewritten",
        b"mg k q\r\nmn\r\n",
        "the answer to `mn` tells that none comes",
    ),
    Case(
        "a management command", b"cache_memlimit 1\r\n", "answered", why="see commands"
    ),
    Case("Redis", b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "answered"),
    Case("a browser's POST", b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", "closed"),
    Case("a browser's GET", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "closed"),
    Case("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "closed"),
    Case("memcached's binary protocol", b"\x80\x00\x00\x01\x00\x00\x00\x00", "closed"),
)
