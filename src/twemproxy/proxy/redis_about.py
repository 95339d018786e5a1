"""What a Redis client wants to know about its server: INFO, CONFIG GET, COMMAND.

The proxy stands in for all servers of a pool, so it tells of itself, in the form
and with the fields that client libraries look for.
"""

import os
from collections.abc import Callable, Mapping
from typing import Final

from twemproxy import limits
from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.redis_catalogue import Catalogue
from twemproxy.proxy.redis_handshake import Handshake
from twemproxy.proxy.redis_probe import Probe
from twemproxy.proxy.redis_session import Answer
from twemproxy.stats import slot
from twemproxy.version import VERSION
from twemproxy.wire.redis.describe import Described
from twemproxy.wire.redis.glob import compiled, matches
from twemproxy.wire.redis.shapes import Value, Verbatim, encode

ALL_SECTIONS: Final = (b"all", b"default", b"everything")
VALKEY_AS_REDIS: Final = "7.2.4"  # the Redis that every Valkey says it is in INFO

Facts = dict[str, object]


class About:
    """The answers of one pool about itself."""

    def __init__(
        self, pool: Pool, probe: Probe, handshake: Handshake, catalogue: Catalogue
    ) -> None:
        """Answer for `pool`, whose servers `probe` knows."""
        self.pool = pool
        self.probe = probe
        self.handshake = handshake
        self.catalogue = catalogue
        self.told_of: Described | None = None
        self.since_ms = pool.process.reactor.now_ms
        self.sections: Mapping[str, Callable[[], Facts]] = {
            "Server": self.server,
            "Clients": self.clients,
            "Memory": self.memory,
            "Persistence": self.persistence,
            "Stats": self.stats,
            "Replication": self.replication,
            "Cluster": self.cluster,
        }
        self.by_name: dict[bytes, Answer] = {
            b"command|count": self.count,
            b"command|docs": self.docs,
            b"command|getkeys": self.getkeys,
            b"command|info": self.command_info,
            b"command|list": self.names,
            b"config|get": self.config_get,
            b"info": self.info,
        }

    # INFO.

    def info(self, client: Client, args: list[bytes]) -> bytes:
        """Describe the proxy, as soon as it knows what stands behind it."""
        wanted = {arg.lower() for arg in args[1:]} or set(ALL_SECTIONS)
        self.handshake.when_known(client, lambda client: self.tell(client, wanted))
        return b""

    def tell(self, client: Client, wanted: set[bytes]) -> bytes:
        """Return the sections that were asked for."""
        parts = [
            "\r\n".join([f"# {title}", *(f"{k}:{v}" for k, v in facts().items()), ""])
            for title, facts in self.sections.items()
            if wanted & {title.lower().encode(), *ALL_SECTIONS}
        ]
        return encode(Verbatim("\r\n".join(parts).encode()), client.resp3)

    def server(self) -> Facts:
        """Tell what we are; the version is that of a server behind us."""
        listen = self.pool.config.listen
        uptime_s = (self.pool.process.reactor.now_ms - self.since_ms) // 1000
        version = self.probe.facts[b"version"].decode("latin-1")
        name = self.probe.facts[b"server"].decode("latin-1")
        return {
            "redis_version": VALKEY_AS_REDIS if name == "valkey" else version,
            "server_name": name,
            **({"valkey_version": version} if name == "valkey" else {}),
            "redis_mode": "standalone",
            "twemproxy_version": VERSION,
            "twemproxy_pool": self.pool.config.name,
            "os": " ".join(os.uname()[index] for index in (0, 2, 4)),
            "arch_bits": 64,
            "multiplexing_api": "epoll",
            "process_id": os.getpid(),
            "tcp_port": listen.port,
            "uptime_in_seconds": uptime_s,
            "uptime_in_days": uptime_s // 86400,
        }

    def clients(self) -> Facts:
        """Tell how many clients there are."""
        return {
            "connected_clients": self.pool.counters.get(slot.CLIENT_CONNECTIONS),
            "maxclients": self.pool.client_limit(),
            "blocked_clients": 0,
            "tracking_clients": 0,
        }

    def memory(self) -> Facts:
        """Tell what clients look for: no limit, nothing is evicted here."""
        return {
            "used_memory": self.pool.process.block.get(slot.BUFFERED_BYTES),
            "maxmemory": 0,
            "maxmemory_policy": "noeviction",
        }

    def persistence(self) -> Facts:
        """Tell that we are ready; nothing is stored here."""
        return {
            "loading": 0,
            "rdb_bgsave_in_progress": 0,
            "aof_enabled": 0,
            "aof_rewrite_in_progress": 0,
        }

    def stats(self) -> Facts:
        """Tell what this process has done for this pool."""
        counters = self.pool.counters
        sent, taken = self.pool.traffic()
        return {
            "total_commands_processed": counters.get(slot.CLIENT_REQUESTS),
            "total_net_input_bytes": sent,
            "total_net_output_bytes": taken,
            "rejected_connections": counters.get(slot.CLIENT_REFUSED),
            "twemproxy_client_errors": counters.get(slot.CLIENT_ERRORS),
        }

    def replication(self) -> Facts:
        """Tell that writes are welcome here."""
        return {"role": "master", "connected_slaves": 0, "master_repl_offset": 0}

    def cluster(self) -> Facts:
        """Tell that clients need not know where keys live."""
        return {"cluster_enabled": 0}

    # CONFIG.

    def config_get(self, client: Client, args: list[bytes]) -> bytes:
        """Answer what client libraries probe, as a server with its defaults would."""
        patterns = [compiled(arg.lower()) for arg in args[2:]]
        found: dict[bytes, Value] = {
            name: value
            for name, value in self.parameters().items()
            if any(matches(pattern, name) for pattern in patterns)
        }
        return encode(found, client.resp3)

    def parameters(self) -> dict[bytes, bytes]:
        """Return the parameters there are."""
        config = self.pool.config
        return {
            b"appendonly": b"no",
            b"cluster-enabled": b"no",
            b"databases": b"%d" % (config.redis_db + 1),
            b"maxclients": b"%d" % self.pool.client_limit(),
            b"maxmemory": b"0",
            b"maxmemory-policy": b"noeviction",
            b"notify-keyspace-events": b"",
            b"port": b"%d" % config.listen.port,
            b"proto-max-bulk-len": b"%d" % limits.MAX_ARGUMENT_BYTES,
            b"replica-read-only": b"yes",
            b"save": b"",
            b"slave-read-only": b"yes",
            b"tcp-keepalive": b"0",
            b"timeout": b"0",
        }

    # COMMAND.

    def count(self, client: Client, args: list[bytes]) -> bytes:
        """Count the commands that work."""
        return encode(len(self.table().working()), client.resp3)

    def names(self, client: Client, args: list[bytes]) -> bytes:
        """Name them, or some of them."""
        return self.table().names(args[2:], client.resp3)

    def command_info(self, client: Client, args: list[bytes]) -> bytes:
        """Describe the named ones, or all."""
        return self.table().info([arg.lower() for arg in args[2:]], client.resp3)

    def docs(self, client: Client, args: list[bytes]) -> bytes:
        """Tell the group of the named ones, or of all, and who answers."""
        return self.table().manual([arg.lower() for arg in args[2:]], client.resp3)

    def getkeys(self, client: Client, args: list[bytes]) -> bytes:
        """Tell which words of a request are its keys."""
        return self.table().keys(args[2:])

    def table(self) -> Described:
        """Return the table of this pool, to be told; a reload may have changed it."""
        if self.told_of is None or self.told_of.rows is not self.catalogue.rows:
            self.told_of = Described(self.catalogue.rows)
        return self.told_of
