"""What the proxy itself says to a Redis client, in Redis's own words.

Whole replies as bytes. Text that came from a client is made harmless as Redis
does it: it ends at a zero byte, is cut, and line ends in it become blanks.
"""

from collections.abc import Sequence
from typing import Final

OK: Final = b"+OK\r\n"
PONG: Final = b"+PONG\r\n"
RESET: Final = b"+RESET\r\n"
NULL: Final = b"$-1\r\n"
EMPTY: Final = b"*0\r\n"

NOT_AUTHENTICATED: Final = b"-NOAUTH Authentication required\r\n"
NO_PASSWORD_SET: Final = b"-ERR Client sent AUTH, but no password is set\r\n"
WRONG_PASSWORD: Final = b"-ERR invalid password\r\n"
CROSS_SLOT: Final = (
    b"-CROSSSLOT Keys in request don't hash to the same server\r\n"  # ours: server
)
RECONFIGURED: Final = b"-ERR the configuration changed while the request came\r\n"
NO_SUCH_PROTOCOL: Final = b"-NOPROTO unsupported protocol version\r\n"
UNEXPECTED: Final = b"-ERR a server answered something else than was asked\r\n"
SYNTAX: Final = b"-ERR syntax error\r\n"
NOT_AN_INTEGER: Final = b"-ERR value is not an integer or out of range\r\n"

SHOWN: Final = 128  # bytes of a name, and of all arguments, in an error line
TO_BLANKS: Final = bytes.maketrans(b"\r\n", b"  ")


def error(text: bytes, code: bytes = b"ERR") -> bytes:
    """Return an error line; whatever the text holds, it stays one line."""
    return b"-%b %b\r\n" % (code, text.strip(b"\r\n").translate(TO_BLANKS))


def protocol_error(text: bytes) -> bytes:
    """Return the last line for a client whose bytes are not the protocol."""
    return error(b"Protocol error: " + text)


def unknown_command(name: bytes, args: Sequence[bytes]) -> bytes:
    """Return the error for a name that is in no table; `args` follow the name."""
    shown = b""
    for arg in args:
        if len(shown) >= SHOWN:
            break
        shown += b"'%b' " % until_zero(arg)[: SHOWN - len(shown)]
    return error(
        b"unknown command '%b', with args beginning with: %b"
        % (until_zero(name)[:SHOWN], shown)
    )


def unknown_subcommand(container: bytes, word: bytes) -> bytes:
    """Return the error for a second word that `container` does not have."""
    return error(
        b"unknown subcommand '%b'. Try %b HELP."
        % (until_zero(word)[:SHOWN], container.upper())
    )


def unknown_argument(word: bytes) -> bytes:
    """Return the error for an option that a command does not have."""
    return b"-ERR Unknown argument %b\r\n" % until_zero(word).translate(TO_BLANKS)


def wrong_arity(name: bytes) -> bytes:
    """Return the error for a row's name (`get`, `config|get`) and too few words."""
    return error(b"wrong number of arguments for '%b' command" % name)


def refused(name: bytes, reason: bytes) -> bytes:
    """Return the error for a command that has no meaning behind a proxy."""
    return error(b"'%b' is not supported by the proxy: %b" % (name, reason))


def denied(name: bytes) -> bytes:
    """Return the error for a command that the operator turned off."""
    return error(b"'%b' is denied by the configuration of this pool" % name)


def key_too_long(length: int, limit: int) -> bytes:
    """Return the error for a key that is longer than keys may be."""
    return error(b"key of %d bytes is longer than %d" % (length, limit))


def too_many_keys(count: int, limit: int) -> bytes:
    """Return the error for a request with more keys than requests may have."""
    return error(b"%d keys are more than %d" % (count, limit))


def status(text: bytes) -> bytes:
    """Return a status reply; `text` is one line."""
    return b"+%b\r\n" % text


def integer(number: int) -> bytes:
    """Return an integer reply."""
    return b":%d\r\n" % number


def bulk(value: bytes) -> bytes:
    """Return a string reply."""
    return b"$%d\r\n%b\r\n" % (len(value), value)


def request(args: Sequence[bytes]) -> bytes:
    """Return a request as any Redis client library writes it."""
    return b"*%d\r\n%b" % (len(args), b"".join([bulk(arg) for arg in args]))


def until_zero(text: bytes) -> bytes:
    """Cut like a C string, for what comes after a zero byte is never shown."""
    return text.partition(b"\0")[0]
