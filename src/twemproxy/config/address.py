"""The grammar of ``listen`` and of the items of ``servers``.

Both are read from the right, because a host may hold colons (``::1:6379:1``) and a
path may hold blanks. Square brackets mean nothing.
"""

import socket
from collections.abc import Callable
from typing import Final

from twemproxy.config.model import Listen, ServerConfig
from twemproxy.config.settings import MAX_NUMBER
from twemproxy.config.values import LISTEN_FORM, SERVER_FORM, Unfit, parse_number

MAX_PORT: Final = 65535
MAX_UNIX_PATH: Final = 107  # bytes, the final NUL of sun_path not counted
MAX_MODE: Final = 0o777

# The port that libmemcached leaves out of a label, and so out of the ring.
UNLABELLED_PORT: Final = 11211

_WEIGHT_FORMAT: Final = '"hostname:port:weight [name]" format string'
_BAD_VALUE: Final = "has an invalid value"
_BAD_SERVER: Final = (
    'has an invalid "hostname:port:weight [name]"or '
    '"/path/unix_socket:weight [name]" format string'
)
_BAD_MODE: Final = (
    'has an invalid file permission in "socket_path permission" format string'
)
_OCTAL: Final = frozenset("01234567")

# What a name stands for: empty text when it has an address, else why not.
Resolve = Callable[[str, int], str]


def resolve_host(host: str, port: int) -> str:
    """Ask the system's resolver; it takes what the C program takes, ``*`` too."""
    try:
        socket.getaddrinfo(host.encode(), port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return error.strerror or str(error)
    return ""


def parse_listen(text: str, resolve: Resolve) -> Listen:
    """Read where clients connect; a host name must have an address by now."""
    listen = _listen_unix(text) if text[0] == "/" else _listen_tcp(text)
    if "\0" in text:
        raise Unfit(_BAD_VALUE, "text without a NUL byte")
    failure = "" if listen.path else resolve(listen.host, listen.port)
    if failure:
        before = (
            f"address resolution of node '{listen.host}' service '{listen.port}' "
            f"failed: {failure}"
        )
        raise Unfit(_BAD_VALUE, f"a host with an address: {failure}", before=before)
    return listen


def _listen_unix(text: str) -> Listen:
    path, blank, permission = text.rpartition(" ")
    if not blank:
        path, permission = text, ""
    mode = _parse_mode(permission)
    if not 0 <= mode <= MAX_MODE:
        raise Unfit(_BAD_MODE, "an octal permission from 0 to 0777")
    if len(path.encode()) > MAX_UNIX_PATH:
        raise Unfit(_BAD_VALUE, f"a path of at most {MAX_UNIX_PATH} bytes")
    return Listen(text, "", 0, path, mode)


def _parse_mode(text: str) -> int:
    """Read as strtol does in base 8: leading octal digits count, none is 0."""
    text = text.lstrip("\t\n\v\f\r ")
    sign = -1 if text.startswith("-") else 1
    if text[:1] in ("-", "+"):
        text = text[1:]
    end = 0
    while end < len(text) and text[end] in _OCTAL:
        end += 1
    significant = text[:end].lstrip("0")
    # More than three digits are out of range however many follow.
    return sign * int(significant[:4] or "0", 8)


def _listen_tcp(text: str) -> Listen:
    host, colon, port_text = text.rpartition(":")
    if not colon:
        raise Unfit('has an invalid "hostname:port" format string', LISTEN_FORM)
    port = parse_number(port_text)
    if not 0 < port <= MAX_PORT:
        raise Unfit(
            'has an invalid port in "hostname:port" format string',
            f"a port from 1 to {MAX_PORT}",
        )
    return Listen(text, host, port, "", 0)


def parse_server(text: str) -> ServerConfig:
    """Read one server and give it the label that places it."""
    address, blank, name = text.rpartition(" ")
    if not blank:
        address, name = text, ""
    address, colon, weight_text = address.rpartition(":")
    is_path = text[0] == "/"
    host, port_colon, port_text = address.rpartition(":")
    # A second colon is a must with a host, and a mistake in a path.
    if not colon or bool(port_colon) == is_path or "\0" in text:
        raise Unfit(_BAD_SERVER, SERVER_FORM)
    weight = parse_number(weight_text)
    if weight <= 0:
        zero = "a zero" if weight == 0 else "an invalid"
        expected = f"a weight from 1 to {MAX_NUMBER} in {SERVER_FORM}"
        raise Unfit(f"has {zero} weight in {_WEIGHT_FORMAT}", expected)
    port = 0 if is_path else parse_number(port_text)
    if not is_path and not 0 < port <= MAX_PORT:
        expected = f"a port from 1 to {MAX_PORT} in {SERVER_FORM}"
        raise Unfit(f"has an invalid port in {_WEIGHT_FORMAT}", expected)
    if blank and not name:
        # Last: to the C program an empty name is no mistake, but what precedes may be.
        raise Unfit(_BAD_SERVER, "a name after the blank, or no blank")
    if is_path:
        return ServerConfig(name or f"{address}:", "", 0, address, weight, name)
    label = host if port == UNLABELLED_PORT else address
    return ServerConfig(name or label, host, port, "", weight, name)
