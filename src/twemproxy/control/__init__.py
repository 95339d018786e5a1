"""The supervisor: processes, signals, sockets, names, reload. Never a request."""
