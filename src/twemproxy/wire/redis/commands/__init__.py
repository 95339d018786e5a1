"""The Redis command table: one row per command, subcommand and module prefix."""

from typing import Final

from twemproxy.wire.redis.commands.row import Command, arity_fits

COMMANDS: Final[tuple[Command, ...]] = ()

__all__ = ["COMMANDS", "Command", "arity_fits"]
