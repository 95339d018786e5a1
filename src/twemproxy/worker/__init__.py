"""A worker process: one loop, its pools, and the line to the supervisor.

The only door between the control plane and the data plane. Everything a worker
needs arrives over its line: frozen configuration, listening sockets, the addresses
of names. When the line ends, the worker ends.
"""
