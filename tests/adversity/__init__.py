"""Servers and networks that fail in every way we know."""
