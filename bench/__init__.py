"""Measurements: the proxy against the C program on one machine."""
