"""Take what a peer sends to its end: neither for ever nor without measure."""

import http.client
import io
import socket
import time
from typing import Final

MAX_ANSWER_BYTES: Final = 256 << 20  # far more than ten thousand servers fill
_CHUNK_BYTES: Final = 1 << 16


def taken(conn: socket.socket, patience_s: float) -> bytes:
    """Return all there is until the peer closes; OSError where that takes too long."""
    end_s = time.monotonic() + patience_s
    answer = bytearray()
    while True:
        left_s = end_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("timed out")
        conn.settimeout(left_s)
        try:
            more = conn.recv(_CHUNK_BYTES)
        except ConnectionResetError:  # as of who has not read what we ask
            if not answer:
                raise
            more = b""
        if not more:
            return bytes(answer)
        answer += more
        if len(answer) > MAX_ANSWER_BYTES:
            raise OSError(0, f"more than {MAX_ANSWER_BYTES >> 20} MiB, and no end")


def unwrapped(answer: bytes, method: str) -> tuple[int, bytes]:
    """Return status and body of an HTTP answer; HTTPException where it is none."""
    if not answer:
        raise http.client.RemoteDisconnected("")
    response = http.client.HTTPResponse(_Held(answer), method=method)  # type: ignore[arg-type] # see there
    try:
        response.begin()
        return response.status, response.read()
    except (ValueError, OverflowError) as failure:  # a length that is none
        raise http.client.HTTPException(str(failure)) from failure


class _Held:
    """What has been received, to read as from a socket."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def makefile(self, _mode: str) -> io.BytesIO:
        """Give what is all that is asked of a socket."""
        return io.BytesIO(self._answer)
