"""memcached requests for all servers of a pool: one fragment per live server. Cold.

stats items ─┬▶ server 0: STAT items:1:number 7 ─┬▶ STAT <server 0>:items:1:number 7
             └▶ server 1: STAT items:1:number 5 ─┘  STAT <server 1>:items:1:number 5
                                                    END
"""

from twemproxy.net.slab import holding
from twemproxy.proxy.backend import Server
from twemproxy.proxy.client import Client
from twemproxy.proxy.fanout import ask_server, reply_of
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.request import Asker, Gather, Request, request_of
from twemproxy.proxy.sending import send_on
from twemproxy.stats import slot
from twemproxy.wire import rule
from twemproxy.wire.memcache import answers
from twemproxy.wire.memcache.commands import Command
from twemproxy.wire.memcache.rewrite import rewritten
from twemproxy.wire.memcache.stats import is_list, joined


class Agreement(Gather):
    """One answer for all servers, the same of each; an error of one speaks for all."""

    def __init__(self) -> None:
        """Wait for fragments."""
        Gather.__init__(self)
        self.fragments: list[Request] = []

    def replies(self) -> list[bytes]:
        """Return what each server said."""
        return [reply_of(one, answers.UNEXPECTED) for one in self.fragments]

    def merge(self, client: Asker) -> None:
        """Say what every server said."""
        client.outbox.say(self.replies()[0])


class Lists(Agreement):
    """The lines of all servers, with the names of those that they are of."""

    def __init__(self, servers: list[Server]) -> None:
        """Wait for the answers of `servers`."""
        Agreement.__init__(self)
        self.names = [server.config.label.encode() for server in servers]

    def forgives(self) -> bool:
        """Let the lists of some be enough."""
        return any(map(is_list, self.replies()))

    def conclude(self, client: Asker) -> None:
        """Merge; the error of a server is a line of its own unless all say one."""
        for piece in joined(self.names, self.replies()):
            client.outbox.say(piece)


class Fanout:
    """Sends the requests of one pool that concern all its servers."""

    def __init__(self, pool: Pool) -> None:
        """Serve `pool`."""
        self.pool = pool

    def send(
        self, client: Client, command: Command, words: list[bytes], quiet: bool
    ) -> None:
        """Send one line to every live server."""
        servers = self.live()
        line = rewritten(command, words) + b"\r\n"
        self.pool.counters.add(slot.FRAGMENTS, len(servers))
        if quiet:
            self.tell(client, servers, line)
        elif servers:
            listed = command.merge == rule.STATISTICS and len(self.pool.servers) > 1
            gather = Lists(servers) if listed else Agreement()
            self.ask(client, servers, line, gather, command.reply)
        else:
            client.refuse(self.pool.refusal(-1))

    def live(self) -> list[Server]:
        """Return the servers that are in use now."""
        self.pool.place_nothing()  # readmits those whose time is over
        return [server for server in self.pool.servers if not server.ejected]

    def tell(self, client: Client, servers: list[Server], line: bytes) -> None:
        """Send a line that is not answered."""
        for server in servers:
            conn = self.pool.connection(server.index, client)
            if conn is not None:
                conn.outbox.say(line)
                conn.send_quietly(len(line))
                send_on(conn, client)

    def ask(
        self,
        client: Client,
        servers: list[Server],
        line: bytes,
        gather: Agreement,
        expects: int,
    ) -> None:
        """Send a line that every server answers, and let `gather` answer the client."""
        whole = client.ask(slot.FANOUT_TIMES)
        whole.gather = gather
        now_us = client.reactor.now_us
        gather.fragments = [request_of(client, whole, now_us) for _ in servers]
        gather.pending = len(servers)
        text = holding(line)
        for server, fragment in zip(servers, gather.fragments, strict=True):
            fragment.expects = expects
            ask_server(self.pool, client, fragment, text, server.index)
