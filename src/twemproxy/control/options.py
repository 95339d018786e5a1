"""What the command line asked for; the defaults are the C program's."""

from typing import NamedTuple


class Options(NamedTuple):
    """All options of one run, checked."""

    test_conf: bool = False
    daemonize: bool = False
    describe: bool = False
    verbosity: int = 5
    output: str = ""  # empty: stderr
    conf_file: str = "conf/nutcracker.yml"
    stats_port: int = 22222
    stats_addr: str = "0.0.0.0"  # noqa: S104 # the documented default
    stats_interval_ms: int = 30000
    pid_file: str = ""  # empty: none
    mbuf_size: int = 16384
    workers: int = 1  # 0: as many as there are cores for us
    drain_timeout_s: float = 30.0
    poller: str = ""  # empty: the best of this system
    log_json: bool = False
    metrics: str = ""  # addr:port of the metrics, empty: none
    watch: bool = False
