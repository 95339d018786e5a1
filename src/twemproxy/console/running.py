"""Find the running proxy and ask it: HTTP over its admin socket or metrics port.

Every supervisor has a socket in Linux's abstract namespace, named after its process.
Nothing has to be configured and no file is left behind; both sides make sure that the
other is the same user or root.
"""

import argparse
import http.client
import json
import os
import socket
import struct
from pathlib import Path
from typing import Any, Final, cast

from twemproxy import adminname, limits
from twemproxy.config.model import Config, pool_from_plain
from twemproxy.console.answers import CONFIG, DOCUMENT, NO_JSON, VERDICT, misfit
from twemproxy.console.asking import taken, unwrapped
from twemproxy.errors import TwemproxyError

MAX_SAID: Final = 200
MAX_PORT: Final = 65535
PATIENCE_S: Final = 15.0
# A reload waits for all workers, and for one that runs: the proxy knows how long.
RELOAD_PATIENCE_S: Final = limits.MAX_HTTP_ANSWER_S + limits.MAX_HTTP_TAKING_S
CREDENTIALS: Final = struct.Struct("3i")


class Unreachable(TwemproxyError):  # it is a finding, as `Refused` is
    """No running proxy answers: say so, exit 1."""


class Running:
    """A proxy that runs, reached by process id or by the address of its port."""

    def __init__(self, address: str | int) -> None:
        self._address = address

    def get(self, path: str, shape: Any) -> Any:
        """Fetch one JSON document of that shape."""
        return self._document("GET", path, shape)

    def reload(self) -> dict[str, Any]:
        """Have it take its file as it is now; the verdict."""
        verdict: dict[str, Any] = self._document("POST", "/reload", VERDICT)
        return verdict

    def _document(self, method: str, path: str, shape: Any) -> Any:
        status, body = self._ask(method, path)
        if status not in (http.client.OK, http.client.CONFLICT):
            raise Unreachable(f"{self}: {_said(body) or f'answers with {status}'}")
        answer = _decoded(body)
        found = misfit(answer, shape)
        if found:  # a page of another program
            raise Unreachable(
                f"{self}: {path} is none, found {found}, expected its --metrics-port"
            )
        return answer

    def _ask(self, method: str, path: str) -> tuple[int, bytes]:
        patience_s = PATIENCE_S if method == "GET" else RELOAD_PATIENCE_S
        conn = self._connection(patience_s)
        try:
            conn.request(method, path, headers={"Connection": "close"})
            return unwrapped(taken(conn.sock, patience_s), method)
        except (OSError, http.client.HTTPException) as failure:
            raise Unreachable(f"{self}: {_reason(failure)}") from failure
        finally:
            conn.close()

    def config(self) -> Config:
        """Fetch the configuration in force, its secrets hidden."""
        plain = self.get("/config", list)
        try:
            found = misfit(plain, CONFIG)
            if found:
                raise ValueError(found)
            return Config(tuple(map(pool_from_plain, plain)))
        except ValueError as failure:
            raise Unreachable(
                f"{self}: its configuration is not understood, "
                "expected a proxy of this version; restart it"
            ) from failure

    def __str__(self) -> str:
        """Name the proxy in messages."""
        if isinstance(self._address, int):
            return f"nutcracker with pid {self._address}"
        return f"nutcracker at {self._address}"

    def _connection(self, patience_s: float) -> http.client.HTTPConnection:
        if isinstance(self._address, int):
            return _AdminConnection(self._address, patience_s)
        host, _, port = self._address.rpartition(":")
        return http.client.HTTPConnection(
            host.strip("[]") or "127.0.0.1", int(port), timeout=patience_s
        )


def _reason(failure: OSError | http.client.HTTPException) -> str:
    """Say in a few words why a question has no answer."""
    if isinstance(failure, http.client.RemoteDisconnected):
        return "closed without an answer"
    if isinstance(failure, http.client.IncompleteRead):
        return "closed before the end of its answer"
    if isinstance(failure, http.client.HTTPException):
        # It repeats what came instead: of the stats port, the whole document.
        return "no HTTP is spoken there, expected its --metrics-port"
    return failure.strerror or str(failure) or type(failure).__name__


def _said(body: bytes) -> str:
    """Return the line that a proxy says no with; nothing of another program's page."""
    text = body.decode(errors="replace").strip()
    return text if text.isprintable() and len(text) <= MAX_SAID else ""


def _decoded(body: bytes) -> object:
    """Read JSON; `NO_JSON` where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return NO_JSON


class _AdminConnection(http.client.HTTPConnection):
    """HTTP over the abstract socket of one process."""

    def __init__(self, pid: int, patience_s: float) -> None:
        super().__init__("localhost", timeout=patience_s)
        self._pid = pid

    def connect(self) -> None:
        """Connect, unless somebody else took the name."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(adminname.name(self._pid))
        raw = self.sock.getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size
        )
        pid, uid, _ = CREDENTIALS.unpack(raw)
        if pid != self._pid:
            raise PermissionError(0, "another process has taken its name")
        if os.geteuid() != 0 and uid not in (0, os.geteuid()):
            raise PermissionError(0, "it belongs to another user")


def add_running_words(
    parser: argparse.ArgumentParser,
) -> argparse._MutuallyExclusiveGroup:
    """Let the command line name the running proxy in one way; the only one is found."""
    group = parser.add_argument_group("the running proxy, when there are several")
    named = group.add_mutually_exclusive_group()
    named.add_argument("-p", "--pid-file", type=Path, metavar="FILE")
    named.add_argument("--pid", type=int, metavar="N")
    named.add_argument("--admin", metavar="[ADDR:]PORT", help="its --metrics-port")
    return named


def is_named(asked: argparse.Namespace) -> bool:
    """Tell whether the command line names a running proxy."""
    return (asked.pid_file, asked.pid, asked.admin) != (None, None, None)


def find_running(asked: argparse.Namespace) -> Running:
    """Find the proxy that was named, or the only one there is."""
    if asked.admin is not None:
        return Running(address_of(asked.admin))
    if asked.pid is not None:
        return Running(asked.pid)
    if asked.pid_file is not None:
        try:
            text = asked.pid_file.read_text().strip()
        except OSError as failure:
            raise Unreachable(
                f"no pid file '{asked.pid_file}': {failure.strerror}"
            ) from failure
        if not text.isdecimal():
            raise Unreachable(f"no process id in {asked.pid_file}")
        return Running(int(text))
    pids = sorted(_listening())
    if not pids:
        raise Unreachable("no running nutcracker found, name it with --admin or -p")
    if len(pids) > 1:
        listed = ", ".join(map(str, pids))
        raise Unreachable(f"several run, choose one with --pid: {listed}")
    return Running(pids[0])


def address_of(text: str) -> str:
    """Complete ``[addr:]port`` with the loopback address."""
    host, _, port = text.rpartition(":")
    # Beyond that the system's resolver takes what is left of a number in 16 bits.
    if not port.isdecimal() or not 0 < int(port) <= MAX_PORT:
        raise Unreachable(f"'{text}' is no address, expected [addr:]port")
    return f"{host or '127.0.0.1'}:{port}"


def read_document(address: str) -> dict[str, Any]:
    """Read the document of a stats port, the C program's too."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection(
            (host.strip("[]"), int(port)), PATIENCE_S
        ) as conn:
            document = _decoded(taken(conn, PATIENCE_S))
    except OSError as failure:
        raise Unreachable(
            f"no statistics from {address}: {_reason(failure)}"
        ) from failure
    found = misfit(document, DOCUMENT)
    if found:
        raise Unreachable(
            f"no statistics from {address}: found {found}, expected a stats port (-s)"
        )
    return cast("dict[str, Any]", document)


def _listening() -> set[int]:
    try:
        return adminname.listed(Path("/proc/net/unix").read_text())
    except OSError:
        return set()
