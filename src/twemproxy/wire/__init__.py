"""Protocols as pure functions of bytes: no socket, clock, log or randomness."""
