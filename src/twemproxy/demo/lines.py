"""The demo as plain lines, for pipes and logs, and its summary for everyone."""

from collections.abc import Iterator

from twemproxy.demo.episode import Episode, Event
from twemproxy.demo.front import Proxy
from twemproxy.demo.monitor import Look, Monitor


class Lines:
    """Prints a line per second and one per event."""

    def __init__(self, proxy: Proxy, episode: Episode) -> None:
        """Follow the events of `episode`."""
        self._proxy = proxy
        self._episode = episode
        self._told = 0
        self._due_s = 1.0

    def __enter__(self) -> "Lines":
        """Say what runs and how to reach it."""
        print(f"the proxy is pid {self._proxy.process.pid}, try it:")
        print(*(f"  {line}" for line in invitation(self._proxy)), sep="\n", flush=True)
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to restore."""

    def draw(self, look: Look) -> None:
        """Print what is new."""
        for event in self._episode.events[self._told :]:
            print(event_line(event), flush=True)
        self._told = len(self._episode.events)
        if look.elapsed_s >= self._due_s:
            self._due_s = look.elapsed_s + 1
            print(figures_line(look), flush=True)


def event_line(event: Event) -> str:
    """Return one event, set off from the figures."""
    return f"{event.at_s:5.1f}s  * {event.text}"


def figures_line(look: Look) -> str:
    """Return the figures of the last second in one line."""
    shares = " ".join(f"{row.share:.0%}" for row in look.servers)
    tally = look.tally
    return (
        f"{look.elapsed_s:5.1f}s  {look.requests_per_s:7,.0f} req/s"
        f"  hits {tally.hit_rate:4.0%}"
        f"  p50 {tally.latency_ms(0.5):.2f} p99 {tally.latency_ms(0.99):.2f} ms"
        f"  errors {tally.errors}  shares {shares}"
    )


def invitation(proxy: Proxy) -> Iterator[str]:
    """Yield the lines that a visitor can try in another terminal."""
    for pool in proxy.pools:
        if pool.redis:
            yield f"redis-cli -p {pool.port} set hello world"
        else:
            yield f"printf 'get user:1\\r\\nquit\\r\\n' | nc 127.0.0.1 {pool.port}"
    yield f"nc 127.0.0.1 {proxy.stats_port} </dev/null    # the statistics"


def summary(monitor: Monitor, episode: Episode) -> Iterator[str]:
    """Yield the figures of the whole run."""
    total = monitor.total
    seconds = monitor.look().elapsed_s
    rate = total.requests / seconds if seconds else 0.0
    yield f"requests   {total.requests:,} in {seconds:.1f} s ({rate:,.0f} a second)"
    yield f"replies    {total.wrong} wrong, {total.errors} errors"
    yield f"hit rate   {total.hit_rate:.1%}"
    p50, p99 = total.latency_ms(0.5), total.latency_ms(0.99)
    yield f"latency    p50 {p50:.2f} ms, p99 {p99:.2f} ms, pipelines of 8"
    yield f"proxy CPU  {monitor.cpu_us_per_request():.1f} us per request"
    yield f"episodes   {episode.played} (kill, ejection, restart, return)"
