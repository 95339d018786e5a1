"""Names to rows."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twemproxy.wire.lookup import CommandIndex
from twemproxy.wire.memcache import commands as memcache
from twemproxy.wire.redis.commands import COMMANDS, ROW

NAMES = [row.name for row in COMMANDS]
INDEX = CommandIndex(NAMES)
MEMCACHE_NAMES = [row.name for row in memcache.COMMANDS]
MEMCACHE_INDEX = CommandIndex(MEMCACHE_NAMES, fold=False)

words = st.binary(max_size=24) | st.sampled_from(NAMES).map(lambda n: n[:-1] + b"s")


def find(name: bytes, index: CommandIndex = INDEX) -> int:
    """Look a name up in the middle of other bytes."""
    buf = bytearray(b"get" + name + b"get")
    return index.find(buf, 3, 3 + len(name))


@pytest.mark.parametrize("change", [bytes.lower, bytes.upper, bytes.title])
def test_every_row_is_found_in_any_case(change: Callable[[bytes], bytes]) -> None:
    for row, name in enumerate(NAMES):
        above, bar, word = change(name).rpartition(b"|")
        buf = bytearray(word)
        if bar:
            parent = find(above)
            assert INDEX.find_below(parent, buf, 0, len(buf)) == row
        else:
            assert find(name) == row


@given(words)
def test_a_name_is_found_exactly_when_it_is_in_the_table(word: bytes) -> None:
    name = word.lower()
    assert find(word) == (-1 if b"|" in name else ROW.get(name, -1))


@given(words)
def test_memcached_names_are_found_as_they_are_written(word: bytes) -> None:
    assert find(word, MEMCACHE_INDEX) == memcache.ROW.get(word, -1)


def test_memcached_rows_are_found() -> None:
    assert [find(name, MEMCACHE_INDEX) for name in MEMCACHE_NAMES] == list(
        range(len(MEMCACHE_NAMES))
    )
    assert find(b"GET", MEMCACHE_INDEX) == -1


@given(words, st.sampled_from(range(len(NAMES))))
def test_a_subcommand_is_found_below_its_container_only(word: bytes, row: int) -> None:
    buf = bytearray(word)
    below = INDEX.find_below(row, buf, 0, len(buf))
    expected = ROW.get(NAMES[row] + b"|" + word.lower(), -1)
    assert below == (-1 if b"|" in word or b"|" in NAMES[row] else expected)


@pytest.mark.parametrize(
    ("name", "rule"),
    [(b"JSON.SET", b"json."), (b"ft.search.x", b"ft."), (b"x.y", b""), (b"get", b"")],
)
def test_an_unlisted_module_command_has_the_row_of_its_prefix(
    name: bytes, rule: bytes
) -> None:
    buf = bytearray(b"--" + name)
    assert INDEX.find_prefix(buf, 2, len(buf)) == ROW.get(rule, -1)


@given(st.sets(st.binary(min_size=1, max_size=8).filter(lambda n: b"|" not in n)))
def test_any_set_of_names_is_told_apart(names: set[bytes]) -> None:
    ordered = sorted(names)
    index = CommandIndex(ordered, fold=False)
    assert [find(name, index) for name in ordered] == list(range(len(ordered)))
    assert find(b"not in it", index) == -1


@pytest.mark.parametrize("names", [[b"a", b"a"], [b""], [b"a" * 256]])
def test_names_that_cannot_be_told_apart_are_refused(names: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"row|name"):
        CommandIndex(names)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (2, 1), (0, 300)])
def test_a_span_that_is_no_name_finds_nothing(start: int, end: int) -> None:
    assert INDEX.find(bytearray(300), start, end) == -1
