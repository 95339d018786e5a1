"""The proxies that can be compared, and how each is told to start."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

BOTH: Final = ("redis", "memcached")

TWEMPROXY_FILE: Final = """pb:
  listen: 127.0.0.1:$LISTEN
  hash: fnv1a_64
  distribution: ketama
  auto_eject_hosts: false
  redis: $REDIS
  backlog: 1024
  preconnect: true
  server_connections: 1
  servers:
$SERVERS"""

PREDIXY_FILE: Final = """Name pb
Bind 127.0.0.1:$LISTEN
WorkerThreads 1
ClientTimeout 0
LogVerbSample 0
LogDebugSample 0
LogInfoSample 0
LogNoticeSample 1
LogWarnSample 1
LogErrorSample 1
Log $DIR/predixy.log
Authority {
    Auth {
        Mode admin
    }
}
StandaloneServerPool {
    Databases 1
    Hash crc16
    Distribution modula
    MasterReadPriority 60
    RefreshMethod fixed
    ServerTimeout 5
    ServerFailureLimit 10
    ServerRetryTimeout 1
    KeepAlive 120
$SERVERS}
"""

ENVOY_FILE: Final = """static_resources:
  listeners:
  - name: l
    address: {socket_address: {address: 127.0.0.1, port_value: $LISTEN}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.redis_proxy
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.\
redis_proxy.v3.RedisProxy
          stat_prefix: pb
          settings: {op_timeout: 10s}
          prefix_routes: {catch_all_route: {cluster: c}}
  clusters:
  - name: c
    type: STATIC
    connect_timeout: 2s
    lb_policy: MAGLEV
    circuit_breakers:
      thresholds:
      - {max_connections: 100000, max_pending_requests: 100000, max_requests: 100000}
    load_assignment:
      cluster_name: c
      endpoints:
      - lb_endpoints:
$SERVERS"""


@dataclass(frozen=True, slots=True)
class Contender:
    """A proxy: its configuration files and command line, with $PLACEHOLDERS.

    ``$LISTEN`` and ``$STATS`` are ports, ``$DIR`` is a scratch folder and
    ``$SERVERS`` one `server_line` per server, with its number and its port.
    """

    name: str
    argv: Sequence[str]
    files: Mapping[str, str] = field(default_factory=dict)
    server_line: str = ""
    protos: Sequence[str] = BOTH

    @property
    def direct(self) -> bool:
        """No proxy at all: the generator talks to the first server."""
        return not self.argv

    def write_files(self, folder: Path, proto: str, values: Mapping[str, str]) -> None:
        """Write its configuration into `folder`."""
        more = {**values, "$REDIS": str(proto == "redis").lower()}
        for name, text in self.files.items():
            (folder / name).write_text(filled_in(text, more))

    def servers(self, ports: Sequence[int]) -> str:
        """Return the configuration lines of the servers."""
        lines = [
            self.server_line.format(id=i, port=port) for i, port in enumerate(ports)
        ]
        return "".join(lines)


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """Replace every placeholder in `text`."""
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def like_twemproxy(name: str, command: str) -> Contender:
    """Anything with twemproxy's configuration file and command line."""
    options = "-c $DIR/pb.yml -s $STATS -a 127.0.0.1 -o $DIR/pb.log"
    return Contender(
        name,
        shlex.split(f"{command} {options}"),
        {"pb.yml": TWEMPROXY_FILE},
        "   - 127.0.0.1:{port}:1\n",
    )


def known() -> dict[str, Contender]:
    """All contenders by name; ours runs with this very interpreter."""
    rows = [
        like_twemproxy("twemproxy", f"{sys.executable} -m twemproxy"),
        like_twemproxy("twemproxy-v4", f"{sys.executable} -m twemproxy -v 4"),
        like_twemproxy("c", "nutcracker"),
        like_twemproxy("c-v4", "nutcracker -v 4"),
        Contender(
            "predixy",
            ["predixy", "$DIR/predixy.conf"],
            {"predixy.conf": PREDIXY_FILE},
            "    Group g{id} {{\n        + 127.0.0.1:{port}\n    }}\n",
            ("redis",),
        ),
        Contender(
            "envoy",
            shlex.split(
                "envoy -c $DIR/envoy.yml --concurrency 1 --disable-hot-restart -l error"
            ),
            {"envoy.yml": ENVOY_FILE},
            "        - endpoint: {{address: {{socket_address: "
            "{{address: 127.0.0.1, port_value: {port}}}}}}}\n",
            ("redis",),
        ),
        Contender("direct", []),
    ]
    return {row.name: row for row in rows}
