"""The proxy at work in a terminal: real servers, real traffic, a failure, a return.

Everything the demo needs it starts itself, on loopback, with ports from the
kernel and files in a scratch folder, and takes down again::

    traffic (own process) ──▶ proxy ──▶ Valkey x4, memcached x2
          │ reports            │ stats port
          └────────▶ episode ◀─┘ ──▶ screen (a terminal) or lines (a pipe)

It talks to the proxy as any operator does: a configuration file, the stats port
and signals. It imports nothing of the proxy but its version.
"""

from twemproxy.demo.stage import main

__all__ = ["main"]
