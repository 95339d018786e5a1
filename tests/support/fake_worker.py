"""A worker that serves no protocol: it answers each line with who it is.

Speaks the control protocol as the real one does, with nothing behind it, so that the
supervisor can be tested alone. A client's line is answered with the pool, the
generation and the pid; `die` makes it exit, `hang` makes it deaf.
"""

import json
import mmap
import os
import selectors
import signal
import socket
import sys
import time
from typing import Any

SLOTS = 192


class FakeWorker:
    """One loop over its control socket, its listeners and its clients."""

    def __init__(self, control: socket.socket, counters_fd: int) -> None:
        self.control = control
        size = os.fstat(counters_fd).st_size
        self.counters = memoryview(mmap.mmap(counters_fd, size)).cast("q")
        self.selector = selectors.DefaultSelector()
        self.selector.register(control, selectors.EVENT_READ, self.on_control)
        self.listeners: dict[str, socket.socket] = {}
        self.clients: set[socket.socket] = set()
        self.blocks: dict[str, int] = {}
        self.generation = 0
        self.draining = False
        self.line = b""
        self.fds: list[int] = []  # not yet of a whole line
        self.carried: list[int] = []  # of the line at hand

    def run(self) -> None:
        """Serve until the control socket ends."""
        while True:
            self.counters[2] = time.monotonic_ns() // 1_000_000
            for key, _ in self.selector.select(0.1):
                if key.fd in self.selector.get_map():  # not closed by another event
                    key.data(key.fileobj)
            if self.draining and not self.clients:
                self.say(op="drained")
                self.draining = False

    def say(self, **message: object) -> None:
        """Send one message to the supervisor."""
        self.control.sendall(json.dumps(message).encode() + b"\n")

    def on_control(self, control: socket.socket) -> None:
        """Take what the supervisor says."""
        data, fds, *_ = socket.recv_fds(control, 65536, 253)
        if not data:
            os._exit(0)
        self.fds += fds
        *lines, self.line = (self.line + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            pools = message.get("pools", ())
            count = sum(pool["listener"] is not None for pool in pools)
            self.carried, self.fds = self.fds[:count], self.fds[count:]
            getattr(self, f"do_{message['op']}", lambda _: None)(message)

    def do_configure(self, message: dict[str, Any]) -> None:
        """Take a configuration, or refuse one with a pool called `refuse`."""
        names = [pool["config"][0] for pool in message["pools"]]
        fds = self.carried
        if "refuse" in names and os.fspath(sys.argv[1]) == "1":
            for fd in fds:
                os.close(fd)
            self.say(op="failed", generation=message["generation"], reason="as asked")
            return
        if "crash" in names:
            os._exit(3)
        if "resolve" in names:
            self.say(op="resolve", host="localhost")
        for pool in message["pools"]:
            name = pool["config"][0]
            self.blocks[name] = pool["block"]
            if pool["listener"] is not None:
                self.listen(name, fds[pool["listener"]])
        for name in set(self.listeners) - set(names):
            self.unlisten(name)
        self.generation = message["generation"]
        self.say(op="ready", generation=self.generation)

    def do_resolved(self, message: dict[str, Any]) -> None:
        """Show what was resolved where a test can see it."""
        self.counters[5] = len(message["addresses"])

    def do_drain(self, _message: dict[str, Any]) -> None:
        """Stop accepting; `drained` is said once the last client is gone."""
        for name in list(self.listeners):
            self.unlisten(name)
        self.draining = True

    def listen(self, name: str, fd: int) -> None:
        """Accept clients of a pool."""
        self.unlisten(name)
        listener = socket.socket(fileno=fd)
        listener.setblocking(False)
        self.listeners[name] = listener
        self.selector.register(
            listener, selectors.EVENT_READ, lambda ready: self.on_client(name, ready)
        )

    def unlisten(self, name: str) -> None:
        """Let go of a pool's listener."""
        listener = self.listeners.pop(name, None)
        if listener:
            self.selector.unregister(listener)
            listener.close()

    def on_client(self, name: str, listener: socket.socket) -> None:
        """Accept one client."""
        try:
            client, _ = listener.accept()
        except BlockingIOError:
            return
        self.clients.add(client)
        self.count(name, 2, 1)
        self.selector.register(
            client, selectors.EVENT_READ, lambda ready: self.on_line(name, ready)
        )

    def on_line(self, name: str, client: socket.socket) -> None:
        """Answer one line."""
        data = client.recv(1000)
        if data == b"die\n":
            os.kill(os.getpid(), signal.SIGKILL)
        if data == b"hang\n":
            time.sleep(1000)
        if data:
            client.sendall(f"{name} {self.generation} {os.getpid()}\r\n".encode())
            return
        self.count(name, 2, -1)
        self.count(name, 0, 1)
        self.clients.discard(client)
        self.selector.unregister(client)
        client.close()

    def count(self, name: str, slot: int, change: int) -> None:
        """Count in the block of a pool."""
        self.counters[self.blocks[name] * SLOTS + slot] += change


if __name__ == "__main__":
    FakeWorker(socket.socket(fileno=int(sys.argv[2])), int(sys.argv[3])).run()
