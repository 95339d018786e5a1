"""memcached requests for all servers of a pool: one fragment per live server. Cold.

stats items ─┬▶ server 0: STAT items:1:number 7 ─┬▶ STAT <server 0>:items:1:number 7
             └▶ server 1: STAT items:1:number 5 ─┘  STAT <server 1>:items:1:number 5
                                                    END
"""

from twemproxy.proxy.client import Client
from twemproxy.proxy.fanout import Everywhere, ask_all
from twemproxy.proxy.pool import Pool
from twemproxy.proxy.request import Asker
from twemproxy.proxy.sending import send_on
from twemproxy.proxy.server import Server
from twemproxy.stats import slot
from twemproxy.wire import rule
from twemproxy.wire.memcache import answers
from twemproxy.wire.memcache.commands import Command
from twemproxy.wire.memcache.rewrite import rewritten
from twemproxy.wire.memcache.stats import is_list, joined


class Agreement(Everywhere):
    """One answer for all servers, the same of each; an error of one speaks for all."""

    otherwise = answers.UNEXPECTED

    def merge(self, client: Asker) -> None:
        """Say what every server said."""
        client.outbox.say(self.replies()[0])


class Lists(Agreement):
    """The lines of all servers, with the names of those that they are of."""

    def __init__(self, servers: list[Server], expects: int) -> None:
        """Wait for the answers of `servers`."""
        Agreement.__init__(self, expects)
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
        servers = self.pool.live_servers()
        line = rewritten(command, words) + b"\r\n"
        if quiet:
            self.tell(client, servers, line)
            return
        listed = command.merge == rule.STATISTICS and len(self.pool.servers) > 1
        reply = command.reply
        gather = Lists(servers, reply) if listed else Agreement(reply)
        ask_all(self.pool, client, servers, line, gather)

    def tell(self, client: Client, servers: list[Server], line: bytes) -> None:
        """Send a line that is not answered."""
        self.pool.counters.add(slot.FRAGMENTS, len(servers))
        for server in servers:
            conn = self.pool.connection(server.index, client)
            if conn is not None:
                conn.outbox.say(line)
                conn.send_quietly(len(line))
                send_on(conn, client)
