"""Everything that can go wrong, arranged by whose fault it is."""


class TwemproxyError(Exception):
    """Root of the tree; catch it only at the edge of a process."""


class ConfigError(TwemproxyError):
    """The operator's: show every problem, change nothing, exit 1."""


class ProtocolError(TwemproxyError):
    """A peer's bytes: answer what came before, say why, close that peer."""


class Refused(TwemproxyError):
    """Our own decision, by a limit or a rule: tell the client, keep it."""
