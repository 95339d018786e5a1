"""Every recorded hash and every recorded placement, through the library."""

from typing import Any, Final

import pytest

from tests.parity.recording import load, to_bytes
from twemproxy import Ring
from twemproxy.config.settings import HASHES
from twemproxy.hashing.hashes import KINDS, hash_span

VECTORS: Final[list[Any]] = load("hash.json")["vectors"]
CASES: Final[list[Any]] = load("routing.json")["cases"]
AROUND: Final = b"\xffaround\0"


def ring_of(case: Any) -> Ring:
    ring = Ring(
        case["servers"],
        hash=case["hash"],
        distribution=case["distribution"],
        hash_tag=case["hash_tag"] or "",
    )
    for label in case.get("ejected") or ():
        ring.eject(label)
    return ring


def test_every_hash_of_the_configuration_has_a_function() -> None:
    assert set(KINDS) == set(HASHES)
    assert sorted(KINDS.values()) == list(range(len(HASHES)))


@pytest.mark.parametrize("name", HASHES)
def test_recorded_hashes_are_reproduced_anywhere_in_a_buffer(name: str) -> None:
    for vector in VECTORS:
        key = bytes.fromhex(vector["key_hex"])
        buf = bytearray(AROUND + key + AROUND)
        start, end = len(AROUND), len(AROUND) + len(key)
        assert hash_span(KINDS[name], buf, start, end) == vector["hash"][name], key


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_recorded_keys_go_to_the_server_the_c_program_chose(case: Any) -> None:
    ring = ring_of(case)
    found = [ring.index(to_bytes(key)) for key in case["keys"]]
    if case["expect"] is None:
        assert set(found) == set(range(len(case["servers"])))
    else:
        assert found == case["expect"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_an_explanation_ends_at_the_server_that_owns_the_key(case: Any) -> None:
    ring = ring_of(case)
    if case["distribution"] == "random":
        assert ring.explain("key").home is None
        return
    for key in map(to_bytes, case["keys"]):
        placement = ring.explain(key)
        assert placement.server == ring.server(key)
        assert placement.moved == (placement.home != placement.server)
        assert placement.moved or placement.home not in ring.ejected
