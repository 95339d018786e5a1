"""Mutations that know what the protocols are made of, so that most are near misses."""

import random
from collections.abc import Callable, Sequence
from typing import Final

TOKENS: Final = (
    *(b"*", b"$", b":", b"+", b"-", b"%", b"~", b">", b"|", b"_", b"#", b"=", b"!"),
    *(b"\r\n", b"\r", b"\n", b"\r\r\n", b" ", b"\0", b"\xff", b"-1", b"0", b"1", b"+1"),
    *(
        b"4294967296",
        b"18446744073709551616",
        b"9223372036854775807",
        b"00",
        b"536870912",
    ),
    *(b"GET", b"SET", b"MGET", b"DEL", b"MSET", b"EVAL", b"AUTH", b"QUIT", b"HELLO"),
    *(
        b"*1\r\n",
        b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
        b"$3\r\nabc\r\n",
        b"$-1\r\n",
        b"*0\r\n",
    ),
    *(
        b"get ",
        b"set ",
        b"gets ",
        b"incr ",
        b"delete ",
        b"noreply",
        b"VALUE ",
        b"END\r\n",
    ),
    *(b"STORED\r\n", b"ERROR\r\n", b"SERVER_ERROR x\r\n", b" 0 0 5\r\nhello\r\n"),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b": ",
        b"\n  ",
        b"&a ",
        b"*a",
        b"<<: ",
        b"- ",
        b"'",
        b'"',
    ),
)
MAX_BYTES: Final = 4096

Mutation = Callable[[bytearray, random.Random, Sequence[bytes]], None]


def place(data: bytearray, chance: random.Random) -> int:
    """Choose an offset, the end included."""
    return chance.randrange(len(data) + 1)


def insert(data: bytearray, chance: random.Random, corpus: Sequence[bytes]) -> None:
    """Put a token somewhere."""
    at = place(data, chance)
    data[at:at] = chance.choice(TOKENS)


def replace(data: bytearray, chance: random.Random, corpus: Sequence[bytes]) -> None:
    """Put a token in the place of some bytes."""
    at = place(data, chance)
    data[at : at + chance.randrange(1, 6)] = chance.choice(TOKENS)


def remove(data: bytearray, chance: random.Random, corpus: Sequence[bytes]) -> None:
    """Take some bytes away."""
    at = place(data, chance)
    del data[at : at + chance.randrange(1, 9)]


def flip(data: bytearray, chance: random.Random, corpus: Sequence[bytes]) -> None:
    """Change one byte."""
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def repeat(data: bytearray, chance: random.Random, corpus: Sequence[bytes]) -> None:
    """Say some bytes again, perhaps often."""
    at = place(data, chance)
    piece = data[at : at + chance.randrange(1, 40)]
    data[at:at] = piece * chance.choice((1, 2, 8, 64))


def cross(data: bytearray, chance: random.Random, corpus: Sequence[bytes]) -> None:
    """Go on as another entry of the corpus does."""
    other = chance.choice(corpus)
    data[place(data, chance) :] = other[chance.randrange(len(other) + 1) :]


MUTATIONS: Final[tuple[Mutation, ...]] = (insert, replace, remove, flip, repeat, cross)


def mutated(corpus: Sequence[bytes], chance: random.Random) -> bytes:
    """Return an entry of the corpus after a few mutations."""
    data = bytearray(chance.choice(corpus))
    for _ in range(chance.randrange(1, 6)):
        chance.choice(MUTATIONS)(data, chance, corpus)
    return bytes(data[:MAX_BYTES])
