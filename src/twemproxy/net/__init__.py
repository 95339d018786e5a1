"""Sockets, memory and readiness: the only room that makes system calls."""
