"""What a Redis client tells about itself, and what CLIENT tells of it."""

from collections.abc import Callable
from typing import Final

from twemproxy import limits
from twemproxy.net.dial import own_name, peer_name
from twemproxy.proxy import silence
from twemproxy.proxy.client import Client
from twemproxy.proxy.pool import Pool
from twemproxy.wire.redis import answers
from twemproxy.wire.redis.numbers import is_integer
from twemproxy.wire.redis.shapes import Verbatim, encode

Answer = Callable[[Client, list[bytes]], bytes]

TOO_LONG: Final = answers.error(
    b"%d bytes are the most that is kept" % limits.MAX_NAME_BYTES
)
BAD_NAME: Final = answers.error(
    b"Client names cannot contain spaces, newlines or special characters."
)
TYPES: Final = (b"normal", b"master", b"replica", b"slave", b"pubsub")
SWITCHES: Final = {b"ON": True, b"OFF": False}
BAD_ID: Final = answers.error(b"Invalid client ID")


class Session:
    """What one client has said about itself."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.name = b""
        self.library = b""
        self.library_version = b""
        self.no_evict = False
        self.no_touch = False


def session_of(client: Client) -> Session:
    """Return the session of a client; most clients never need one."""
    if not isinstance(client.session, Session):
        client.session = Session()
    return client.session


def is_plain(text: bytes) -> bool:
    """Tell whether a text may be shown in CLIENT LIST as it is."""
    return all(33 <= byte <= 126 for byte in text)


def bad_name(name: bytes) -> bytes:
    """Return the error for a name that no client may have, else nothing."""
    if len(name) > limits.MAX_NAME_BYTES:
        return TOO_LONG
    return b"" if is_plain(name) else BAD_NAME


class ClientAnswers:
    """The subcommands of CLIENT that concern the client itself."""

    def __init__(self, pool: Pool) -> None:
        """Answer for the clients of `pool`."""
        self.pool = pool
        self.by_name: dict[bytes, Answer] = {
            b"client|capa": self.agree,
            b"client|getname": self.getname,
            b"client|id": self.id,
            b"client|info": self.info,
            b"client|list": self.list,
            b"client|no-evict": self.no_evict,
            b"client|no-touch": self.no_touch,
            b"client|reply": self.reply,
            b"client|setinfo": self.setinfo,
            b"client|setname": self.setname,
        }

    def agree(self, client: Client, args: list[bytes]) -> bytes:
        """Note what the client can do; nothing depends on it."""
        return answers.OK

    def id(self, client: Client, args: list[bytes]) -> bytes:
        """Tell the client its number."""
        return answers.integer(client.number)

    def getname(self, client: Client, args: list[bytes]) -> bytes:
        """Tell the client its name."""
        return encode(session_of(client).name or None, client.resp3)

    def setname(self, client: Client, args: list[bytes]) -> bytes:
        """Give the client a name, or take it away."""
        if error := bad_name(args[2]):
            return error
        session_of(client).name = args[2]
        return answers.OK

    def setinfo(self, client: Client, args: list[bytes]) -> bytes:
        """Note which library this is."""
        attribute = args[2].lower()
        if attribute not in (b"lib-name", b"lib-ver"):
            shown = answers.until_zero(args[2])
            return answers.error(b"Unrecognized option '%b'" % shown)
        if len(args[3]) > limits.MAX_NAME_BYTES:
            return TOO_LONG
        if not is_plain(args[3]):
            text = b"%b cannot contain spaces, newlines or special characters."
            return answers.error(text % attribute)
        session = session_of(client)
        if attribute == b"lib-name":
            session.library = args[3]
        else:
            session.library_version = args[3]
        return answers.OK

    def no_evict(self, client: Client, args: list[bytes]) -> bytes:
        """Note a wish; the proxy evicts nobody."""
        switch = SWITCHES.get(args[2].upper())
        if switch is None:
            return answers.SYNTAX
        session_of(client).no_evict = switch
        return answers.OK

    def no_touch(self, client: Client, args: list[bytes]) -> bytes:
        """Note a wish that shared server connections cannot fulfil."""
        switch = SWITCHES.get(args[2].upper())
        if switch is None:
            return answers.SYNTAX
        session_of(client).no_touch = switch
        return answers.OK

    def reply(self, client: Client, args: list[bytes]) -> bytes:
        """Stop answering, or begin again."""
        switch = args[2].upper()
        if switch == b"ON":
            client.silence = silence.LOUD
            return answers.OK
        if switch == b"OFF":
            client.silence = silence.ALL
        elif switch == b"SKIP":
            client.silence = client.silence or silence.NEXT
        else:
            return answers.SYNTAX
        return b""

    def info(self, client: Client, args: list[bytes]) -> bytes:
        """Describe this client in one line."""
        return encode(Verbatim(describe(client)), client.resp3)

    def list(self, client: Client, args: list[bytes]) -> bytes:
        """Describe the clients of this pool in this process, one line each."""
        present = [other for other in self.pool.clients if not other.leaving]
        chosen = sorted(present, key=lambda other: other.number)
        words = [arg.lower() for arg in args[2:]]
        if words[:1] == [b"id"] and len(words) > 1:
            if not all(is_integer(word) for word in words[1:]):
                return BAD_ID
            numbers = {int(word) for word in words[1:]}
            chosen = [other for other in chosen if other.number in numbers]
        elif words[:1] == [b"type"] and len(words) == 2:
            if words[1] not in TYPES:
                shown = answers.until_zero(args[3])
                return answers.error(b"Unknown client type '%b'" % shown)
            chosen = chosen if words[1] == b"normal" else []
        elif words:
            return answers.SYNTAX
        lines = b"".join([describe(other) for other in chosen])
        return encode(Verbatim(lines), client.resp3)


def moved_ms(client: Client) -> int:
    """Return when a client last sent or took something, to about a second."""
    counted = client.counted_in + client.counted_out
    if client.bytes_in + client.bytes_out != counted:
        return client.reactor.now_ms
    return client.moved_ms


def describe(client: Client) -> bytes:
    """Return the line of CLIENT LIST for one client."""
    session = session_of(client)
    flags = "e" if session.no_evict else ""
    flags += "T" if session.no_touch else ""
    now_ms = client.reactor.now_ms
    age_s = (now_ms - client.since_ms) // 1000
    idle_s = (now_ms - moved_ms(client)) // 1000
    owed = client.outbox.pending
    before = (
        f"id={client.number} addr={peer_name(client.fd)} laddr={own_name(client.fd)}"
        f" fd={client.fd} name="
    )
    after = (
        f" age={age_s} idle={idle_s} flags={flags or 'N'} db=0 sub=0 psub=0 ssub=0"
        f" multi=-1 watch=0 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0"
        f" obl=0 oll=0 omem={owed} tot-mem={owed}"
        f" events=r cmd=NULL user=default redir=-1 resp={3 if client.resp3 else 2}"
    )
    library = b" lib-name=%b lib-ver=%b\n" % (session.library, session.library_version)
    return before.encode() + session.name + after.encode() + library
