"""Random sessions, good and bad, get the same bytes directly and through the proxy.

Two memcached start empty and are told the same; one is told by the proxy, whose pool
has no other server. What is bound to differ is listed here, with the reason, and not
made up by chance.
"""

import contextlib
import random
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Final, NamedTuple

import pytest

from tests.support.backends import MemcachedServer
from tests.support.proxy import Proxy, pool
from tests.support.wire import Wire

SESSIONS: Final = 250
COMMANDS: Final = 12  # of a session, at most
MAX_LINE: Final = 900  # or two that a bad block makes one would be too long
LONG_KEY: Final = b"k" * 251

KEYS: Final = [b"a", b"b", b"c", b"YQ==", b"k" * 250]
# What is counted is not looked at otherwise: how memcached changes a number depends on
# whether an earlier answer has been sent, and it reads on behind a number of blanks.
COUNTERS: Final = [b"n", b"m"]
ODD_KEYS: Final = [
    LONG_KEY,
    b"noreply",
    b"0",
    b"t\tt",
    b"\xc3\xa9",
    b"\x7f\x01",
    b"a===",
]
NUMBERS: Final = [b"0", b"1", b"5", b"007", b"4294967295", b"4294967296", b"9" * 18]
ODD_NUMBERS: Final = [b"x", b"1.5", b"-1", b"0x1", b"9" * 25, b"-", b"1x", b"noreply"]
TIMES: Final = [b"0", b"1000", b"-1", b"9999999999", b"-9999999999"]
VALUES: Final = [
    b"",
    b"x",
    b"10",
    b"18446744073709551615",
    b"get a",
    b"\r\n",
    b"z" * 900,
]
MS_FLAGS: Final = (
    b"b c f h k l q s t v F5 F0 Fx I T0 T1000 T-1 Tx C1 C0 Cx O1 Oabc O"
    b" ME MA MP MR MS Me MX M S100 E5 N30 x Z k q" + b" O" + b"o" * 40
).split()
MG_FLAGS: Final = (
    b"b c f h k l q s t v v k q u O1 Oabc O N1000 N0 Nx N R100 Rx T1000 T0 T-1 Tx"
    b" E5 x Z M" + b" O" + b"o" * 40
).split()
MD_FLAGS: Final = b"b k q O1 Oabc I T1000 Tx C1 C2 Cx x v Z".split()
MA_FLAGS: Final = (
    b"b k q t c v N1000 N0 Nx J5 J Jx D1 D3 Dx D-1 MI MD M+ M- Mi Md MX M O1 T1000 C1 Z"
).split()

LINES: Final = (
    b"mn/mn x/version/version x/verbosity 0/verbosity/verbosity x/verbosity 0 noreply"
    b"/verbosity 0 1/flush_all/flush_all 0/flush_all x/flush_all noreply"
    b"/flush_all x noreply/flush_all 0 x/flush_all -1/foo/foo noreply/x// /GET a/mx a"
    b"/m/me/me a x/gets/set/set a/incr n/touch/delete/mg/ms a/ms a 1x/a b c d e"
).split(b"/")

# Times, which the clocks of two servers may tell differently.
CLOCKED: Final = re.compile(rb"( t| l| exp=| la=)-?\d+")

REFUSED: Final = b"CLIENT_ERROR bad command line format\r\n"
TOO_LONG: Final = b"CLIENT_ERROR line too long\r\n"


class Deviation(NamedTuple):
    """Bytes that are not made up by chance, for they are answered in another way."""

    why: str
    sent: bytes
    direct: bytes | None  # None where it depends on the moment
    proxied: bytes


DEVIATIONS: Final = {
    "sign": Deviation(
        "a number with a plus, or with a tab behind it, is one for memcached only",
        b"set a 0 0 1\r\n1\r\nincr a +1\r\n",
        b"STORED\r\n2\r\n",
        b"STORED\r\nCLIENT_ERROR invalid numeric delta argument\r\n",
    ),
    "swallowed": Deviation(
        "the block of a refused line is swallowed with it, not read as commands",
        b"set a x 0 3\r\nfoo\r\n",
        REFUSED + b"ERROR\r\n",
        REFUSED,
    ),
    "length": Deviation(
        "a length beyond 31 bits is refused, memcached keeps 32 bits of it",
        b"set a 0 0 4294967297\r\nx\r\n",
        b"STORED\r\n",
        REFUSED + b"ERROR\r\n",
    ),
    "management": Deviation(
        "what manages one server is refused, with the reason",
        b"cache_memlimit 64\r\n",
        b"OK\r\n",
        b"CLIENT_ERROR cache_memlimit is not supported by the proxy:"
        b" it manages one server, so connect to that server\r\n",
    ),
    "stats": Deviation(
        "only statistics that have an end are asked",
        b"stats sizes_enable\r\nstats sizes\r\n",
        b"STAT sizes_status enabled\r\nEND\r\n",
        b"ERROR\r\nSTAT sizes_status disabled\r\nEND\r\n",
    ),
    "keyless": Deviation(
        "gat without a key is an error", b"gat 0\r\n", b"END\r\n", b"ERROR\r\n"
    ),
    "bytes": Deviation(
        "a lone LF, a lone CR or a zero byte in a line ends the connection",
        b"get a\nget b\r\n",
        b"END\r\nEND\r\n",
        REFUSED,
    ),
    "half": Deviation(
        "of keys one of which is too long, memcached touches those before it, or"
        " forgets earlier replies; the proxy passes nothing on",
        b"set a 0 0 1 noreply\r\nx\r\ngat -1 a %b\r\nget a\r\n" % LONG_KEY,
        REFUSED + b"END\r\n",
        REFUSED + b"VALUE a 0 1\r\nx\r\nEND\r\n",
    ),
    "twice": Deviation(
        "of a bad flag and a bad block, memcached complains of the flag",
        b"ms a 1 Z\r\nxyz\r\n",
        b"CLIENT_ERROR invalid flag\r\nERROR\r\n",
        b"CLIENT_ERROR bad data chunk\r\nERROR\r\n",
    ),
    "unfinished": Deviation(
        "who leaves in the middle of a block may get no earlier replies from"
        " memcached, and gets all of them from the proxy",
        b"get a\r\nset a 0 0 1000\r\n",
        None,
        b"END\r\n",
    ),
    "base64": Deviation(
        "padding inside of a key is no base64",
        b"ms YQ==YQ== 1 b\r\nx\r\n",
        b"HD\r\n",
        b"CLIENT_ERROR error decoding key\r\n",
    ),
    "long": Deviation(
        "a long line is refused with a word, memcached hangs up without, if it has not"
        " come in one piece",
        b"md " + b"k" * 20000,
        b"",
        TOO_LONG,
    ),
    "browser": Deviation(
        "a browser is told why, memcached hangs up",
        b"GET / HTTP/1.1\r\n",
        b"",
        b"CLIENT_ERROR this is not an HTTP server\r\n",
    ),
}


def key(chance: random.Random) -> bytes:
    """Make up a key."""
    return chance.choice(KEYS if chance.random() < 0.93 else ODD_KEYS)


def counter(chance: random.Random) -> bytes:
    """Make up the key of a number."""
    return chance.choice(COUNTERS) if chance.random() < 0.95 else LONG_KEY


def number(chance: random.Random) -> bytes:
    """Make up a number, or what is none."""
    return chance.choice(NUMBERS if chance.random() < 0.9 else ODD_NUMBERS)


def expiry(chance: random.Random) -> bytes:
    """Make up a time that no test lives to see."""
    return chance.choice(TIMES if chance.random() < 0.9 else ODD_NUMBERS)


def noreply(chance: random.Random) -> list[bytes]:
    """Now and then, want no reply, or say so wrongly."""
    if chance.random() < 0.75:
        return []
    return chance.choice(
        [[b"noreply"], [b"noreply"], [b"norepl"], [b"0"], [b"x", b"y"]]
    )


def block(value: bytes, chance: random.Random) -> bytes:
    """Write a data block, sometimes of another length than announced."""
    if chance.random() < 0.9:
        return value + b"\r\n"
    return value + chance.choice([b"x\r\n", b"\r\n\r\n", b"xyz\r\n", b"x"])


def storage(chance: random.Random) -> tuple[list[bytes], bytes]:
    """Make up a storage command."""
    name = chance.choice(
        [b"set", b"set", b"add", b"replace", b"append", b"prepend", b"cas"]
    )
    value = chance.choice(VALUES)
    where = key(chance)
    if name in (b"set", b"add", b"replace") and chance.random() < 0.3:
        where, value = counter(chance), chance.choice([b"10", b"18446744073709551615"])
    words = [name, where, number(chance), expiry(chance), b"%d" % len(value)]
    if name == b"cas":
        words.append(number(chance))
    return words + noreply(chance), block(value, chance)


def retrieval(chance: random.Random) -> tuple[list[bytes], bytes]:
    """Make up a command that asks for keys."""
    name = chance.choice([b"get", b"gets", b"gat", b"gats"])
    words = [name] + ([expiry(chance)] if name.startswith(b"gat") else [])
    return words + [key(chance) for _ in range(chance.choice([0, 1, 1, 2, 5, 40]))], b""


def change(chance: random.Random) -> tuple[list[bytes], bytes]:
    """Make up a command that changes one key."""
    name = chance.choice([b"incr", b"decr", b"touch", b"delete"])
    words = [name, counter(chance)]
    if name == b"touch":
        words.append(expiry(chance))
    elif name != b"delete":
        words.append(number(chance))
    return words + noreply(chance), b""


def meta(chance: random.Random) -> tuple[list[bytes], bytes]:
    """Make up a meta command."""
    name, known = chance.choice(
        [(b"mg", MG_FLAGS), (b"ms", MS_FLAGS), (b"md", MD_FLAGS), (b"ma", MA_FLAGS)]
    )
    count = chance.choice([0, 1, 2, 3, 5]) if chance.random() < 0.97 else 16
    value = chance.choice(VALUES)
    words = [name, counter(chance) if name == b"ma" else key(chance)]
    if name == b"ms":
        words.append(b"%d" % len(value))
    words += chance.sample(known, min(count, len(known)))
    return words, block(value, chance) if name == b"ms" else b""


def server(chance: random.Random) -> tuple[list[bytes], bytes]:
    """Make up a line without a key, or with too little."""
    return chance.choice(LINES).split(b" "), b""


def wrong(chance: random.Random) -> tuple[list[bytes], bytes]:
    """Drop or add a word of something."""
    words, data = chance.choice([storage, retrieval, change, meta])(chance)
    if len(words) > 2 and chance.random() < 0.5:
        del words[chance.randrange(2, len(words))]
    else:
        words.insert(chance.randrange(len(words) + 1), chance.choice(ODD_NUMBERS))
    return words, data


def differs(words: list[bytes], data: bytes) -> str:
    """Name the deviation that a request would meet, if it would."""
    name = words[0] if words else b""
    size = {b"ms": 2}.get(name, 4 if name in STORAGE else 0)
    if name in RETRIEVAL and LONG_KEY in words:
        return "half"
    if len(b" ".join(words)) > MAX_LINE:
        return "long"
    if name in (b"gat", b"gats") and len(words) == 2:
        return "keyless"
    if (
        name[:1] == b"m"
        and b"b" in [word[:1] for word in words[2:]]
        and is_odd(words[1])
    ):
        return "base64"
    if size and len(words) > size:
        length = words[size]
        if length.isdigit() and int(length) >= 2**31 - 2:
            return "length"
        if length.isdigit() and int(length) + 2 > len(data):
            return "unfinished"
        if length.isdigit() and is_refused(words):
            return "swallowed"
        whole = length.isdigit() and data[int(length) :] == b"\r\n"
        if name == b"ms" and len(words) > 3 and not whole:
            return "twice"
    return ""


RETRIEVAL: Final = (b"get", b"gets", b"gat", b"gats")
STORAGE: Final = (b"set", b"add", b"replace", b"append", b"prepend", b"cas")


def is_odd(word: bytes) -> bool:
    """Whether a key is no base64 for most."""
    return word != b"YQ=="


def is_refused(words: list[bytes]) -> bool:
    """Whether memcached refuses the line of a storage command before its block."""
    if len(words[1]) > 250 or (words[0] == b"ms" and len(words) > 19):
        return True
    if words[0] == b"ms":
        return False
    most = 7 if words[0] == b"cas" else 6
    checked = [words[2], words[3].removeprefix(b"-"), *words[5:6][: most - 6]]
    bad = any(not word.isdigit() or int(word) >= 2**63 for word in checked)
    return bad or not most - 1 <= len(words) <= most


def command(chance: random.Random) -> bytes:
    """Make up a command that should be answered alike."""
    kinds = [storage, storage, retrieval, change, meta, meta, meta, server, wrong]
    while True:
        words, data = chance.choice(kinds)(chance)
        if not differs(words, data):
            blank = b" " if chance.random() < 0.95 else b"  "
            end = b"\r\n" if chance.random() < 0.97 else b" \r\n"
            return blank.join(words) + end + data


def pieces(data: bytes, chance: random.Random) -> list[bytes]:
    """Cut bytes anywhere, mostly nowhere."""
    count = chance.choice([0, 0, 1, 3, 30])
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(count))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def answers(port: int, sent: list[bytes]) -> bytes:
    """Send a session in pieces; everything that comes back before the end."""
    with Wire(port) as wire:
        for piece in sent:
            wire.send(piece)
        with contextlib.suppress(OSError):  # the other side was the first to close
            wire.half_close()
        return CLOCKED.sub(rb"\1*", wire.read_to_end())


@pytest.fixture
def ports(proxy: Callable[[str], Proxy]) -> Iterator[tuple[int, int]]:
    """Where a memcached listens, and a proxy before another one.

    Nobody has used them before: they number what they store.
    """
    with closing(MemcachedServer()) as direct, closing(MemcachedServer()) as behind:
        direct.start()
        behind.start()
        yield direct.port, proxy(pool([behind], redis=False)).port


@pytest.mark.parametrize("name", DEVIATIONS)
def test_a_deviation_is_as_it_is_listed(ports: tuple[int, int], name: str) -> None:
    deviation = DEVIATIONS[name]
    direct = answers(ports[0], [deviation.sent])
    assert direct == deviation.direct or deviation.direct is None
    assert answers(ports[1], [deviation.sent]) == deviation.proxied


@pytest.mark.parametrize("seed", range(4))
def test_random_sessions_get_the_same_answers(
    ports: tuple[int, int], seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(SESSIONS):
        commands = [command(chance) for _ in range(chance.randrange(1, COMMANDS))]
        sent = pieces(b"".join(commands) + b"mn\r\nquit\r\n", chance)
        assert answers(ports[1], sent) == answers(ports[0], sent), commands
