"""What the proxy itself says to a memcached client, in memcached's own words."""

import struct
from typing import Final

from twemproxy.wire.memcache import fault

ERROR: Final = b"ERROR\r\n"
END: Final = b"END\r\n"
META_NOOP: Final = b"MN\r\n"
UNEXPECTED: Final = b"SERVER_ERROR unexpected response\r\n"

# The answer to each fault of a request.
FAULTS: Final[dict[int, bytes]] = {
    fault.UNKNOWN: ERROR,
    fault.BAD_LINE: b"CLIENT_ERROR bad command line format\r\n",
    fault.BAD_CHUNK: b"CLIENT_ERROR bad data chunk\r\n",
    fault.TOO_LARGE: b"SERVER_ERROR object too large for cache\r\n",
    fault.BAD_DELTA: b"CLIENT_ERROR invalid numeric delta argument\r\n",
    fault.BAD_EXPTIME: b"CLIENT_ERROR invalid exptime argument\r\n",
    fault.BAD_DELETE: (
        b"CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n"
    ),
    fault.TOO_MANY_FLAGS: b"CLIENT_ERROR options flags too long\r\n",
}
BAD_KEY: Final = b"CLIENT_ERROR error decoding key\r\n"
KEY_OF_LINES: Final = (
    b"CLIENT_ERROR making or extending a value is not supported by the proxy"
    b" for a key with a line end\r\n"
)

# Of the binary protocol, which is not spoken: enough to refuse it in its own form.
BINARY_HEADER: Final = 24
BINARY_REQUEST: Final = 0x80
BINARY_RESPONSE: Final = 0x81
NOT_SUPPORTED: Final = 0x83


def not_spoken(begun: bytes, text: bytes) -> bytes:
    """Return the refusal of what `begun` so; to a binary request a binary one."""
    if begun[:1] != bytes([BINARY_REQUEST]):
        return client_error(text)
    header = begun[:BINARY_HEADER].ljust(BINARY_HEADER, b"\0")
    _, opcode, _, opaque = struct.unpack(">BB10sI8x", header)
    head = struct.pack(
        *(">BBHBBHIIQ", BINARY_RESPONSE, opcode, 0, 0, 0, NOT_SUPPORTED),
        *(len(text), opaque, 0),
    )
    return head + text


def client_error(text: bytes) -> bytes:
    """Return the line that tells a client of its mistake; `text` is one line."""
    return b"CLIENT_ERROR %b\r\n" % text


def server_error(text: bytes) -> bytes:
    """Return the line that tells a client of our or a server's failure."""
    return b"SERVER_ERROR %b\r\n" % text


def refused(name: bytes, reason: bytes) -> bytes:
    """Return the error for a command that has no meaning behind a proxy."""
    return client_error(b"%b is not supported by the proxy: %b" % (name, reason))
