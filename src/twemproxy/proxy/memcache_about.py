"""`stats` of a memcached pool: what the servers say, and what the proxy knows. Cold.

The names are those of memcached, so that libraries and monitors find what they look
for. What the proxy counts itself, its clients and their requests, takes the place of
what the servers count; what only they know, such as the number of items, is theirs.
"""

import os
import struct
import time
from collections.abc import Sequence

from twemproxy.net.slab import holding
from twemproxy.proxy.client import Client
from twemproxy.proxy.fanout import ask_all
from twemproxy.proxy.memcache_fanout import Agreement
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.request import Asker
from twemproxy.stats import slot
from twemproxy.version import VERSION
from twemproxy.wire.memcache import due
from twemproxy.wire.memcache.commands import FAMILIES, ROW
from twemproxy.wire.memcache.stats import added_up, stat_lines

Facts = dict[str, object]


class Statistics(Agreement):
    """The statistics of all servers, as far as the proxy does not know better."""

    def __init__(self, about: "About") -> None:
        """Let `about` know better."""
        Agreement.__init__(self, due.STATS)
        self.about = about

    def forgives(self) -> bool:
        """Tell what there is."""
        return True

    def conclude(self, client: Asker) -> None:
        """Tell the facts; a server that failed has none."""
        client.outbox.say(self.about.told(self.replies()))


class About:
    """Knows what a pool has done."""

    def __init__(self, pool: Pool, asked: Sequence[int]) -> None:
        """Tell of `pool`; `asked` counts its requests by the rows of the table."""
        self.pool = pool
        self.asked = asked
        self.since_ms = pool.process.reactor.now_ms

    def tell(self, client: Client) -> None:
        """Answer `stats`, also when there is no server to ask."""
        servers = self.pool.live_servers()
        if servers:
            ask_all(self.pool, client, servers, b"stats\r\n", Statistics(self))
        else:
            client.say(holding(self.told([])))

    def told(self, replies: Sequence[bytes]) -> bytes:
        """Return the answer, of what the servers say and of what we know."""
        own = {
            name.encode(): str(value).encode() for name, value in self.facts().items()
        }
        theirs = {
            name: value for name, value in added_up(replies).items() if name not in own
        }
        return stat_lines({**own, **theirs})

    def facts(self) -> Facts:
        """Return what we know."""
        now_ms = self.pool.process.reactor.now_ms
        return {
            "pid": os.getpid(),
            "uptime": (now_ms - self.since_ms) // 1000,
            "time": int(time.time()),
            "twemproxy_version": VERSION,
            "twemproxy_pool": self.pool.config.name,
            "pointer_size": 8 * struct.calcsize("P"),
            **self.connections(),
            **self.commands(),
            **self.traffic(),
            **self.servers(),
        }

    def connections(self) -> Facts:
        """Tell how many clients there are."""
        counters = self.pool.counters
        return {
            "max_connections": self.pool.client_limit(),
            "curr_connections": counters.get(slot.CLIENT_CONNECTIONS),
            "rejected_connections": counters.get(slot.CLIENT_REFUSED),
        }

    def commands(self) -> Facts:
        """Tell how often which kind of command came, gets counted by their keys."""
        return {
            "cmd_get": self.count(b"get", b"gets"),
            "cmd_set": sum(self.asked[ROW[row.name]] for row in FAMILIES["Storage"]),
            "cmd_flush": self.count(b"flush_all"),
            "cmd_touch": self.count(b"touch", b"gat", b"gats"),
            "cmd_meta": self.count(b"mg", b"ms", b"md", b"ma", b"me"),
        }

    def count(self, *names: bytes) -> int:
        """Add up how often commands came."""
        return sum(self.asked[ROW[name]] for name in names)

    def traffic(self) -> Facts:
        """Tell what went to and fro."""
        counters = self.pool.counters
        sent, taken = self.pool.traffic()
        return {
            "bytes_read": sent,
            "bytes_written": taken,
            "client_requests": counters.get(slot.CLIENT_REQUESTS),
            "client_errors": counters.get(slot.CLIENT_ERRORS),
            "protocol_errors": counters.get(slot.PROTOCOL_ERRORS),
        }

    def servers(self) -> Facts:
        """Tell how many servers there are, and how they fare."""
        servers = self.pool.servers
        return {
            "servers": len(servers),
            "servers_ejected": sum(server.ejected for server in servers),
            "server_ejects": self.pool.counters.get(slot.SERVER_EJECTS),
        }
