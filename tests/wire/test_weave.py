"""Strings leave their arrays in the order that is asked for, compiled or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twemproxy.wire.redis.weave import Weaver, weaver_of

STRINGS = st.one_of(
    st.just(b"$-1\r\n"),
    st.just(b"_\r\n"),
    st.binary(max_size=40).map(lambda text: b"$%d\r\n%b\r\n" % (len(text), text)),
)


def arrange(owners: list[int], strings: list[bytes], servers: int) -> Weaver:
    """Put each string into the array of its owner, something else around it."""
    places = b"".join(owner.to_bytes(2, "little") for owner in owners)
    weaver = weaver_of(bytearray(places), servers)
    for server in range(servers):
        mine = [s for o, s in zip(owners, strings, strict=True) if o == server]
        text = b"".join(mine)
        weaver.put(server, bytearray(b"*9\r\n" + text + b"$"), 4, 4 + len(text))
    return weaver


@given(st.lists(st.tuples(st.integers(0, 3), STRINGS), max_size=20), st.data())
def test_strings_are_woven_in_the_order_of_the_places(
    rows: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    owners = [owner for owner, _ in rows]
    strings = [string for _, string in rows]
    weaver = arrange(owners, strings, 4)
    woven = b""
    while weaver.taken < len(rows):
        taken = weaver.taken
        room = data.draw(st.integers(0, 200))
        longest = data.draw(st.integers(0, 45))
        target = bytearray(b">" + bytes(room))
        end = weaver.fill(target, 1, longest)
        woven += target[1:end]
        assert b"".join(strings[: weaver.taken]) == woven
        if weaver.taken < len(rows):
            following = strings[weaver.taken]
            assert len(following) > min(longest, room - end + 1)
        if weaver.taken == taken:
            end = weaver.skip()
            assert end - weaver.start == len(following)
            assert weaver.place == owners[taken]
            woven += following
    assert woven == b"".join(strings)


def test_more_arrays_than_a_byte_can_number() -> None:
    owners = [299, 0, 299, 256, 1]
    strings = [b"$1\r\n%d\r\n" % i for i in range(5)]
    weaver = arrange(owners, strings, 300)
    target = bytearray(100)
    assert target[: weaver.fill(target, 0, 100)] == b"".join(strings)


@pytest.mark.parametrize(
    "text", [b"", b"$3\r\nab\r\n", b"+OK\r\n", b"_\r", b"_x\n", b"*"]
)
def test_what_is_no_string_is_refused(text: bytes) -> None:
    weaver = weaver_of(bytearray(2), 1)
    weaver.put(0, bytearray(text + b"\r\n"), 0, len(text))
    with pytest.raises(ValueError, match="no string"):
        weaver.fill(bytearray(9), 0, 9)
    with pytest.raises(ValueError, match="no string"):
        weaver.skip()


def test_places_and_spans_that_do_not_exist_are_refused() -> None:
    weaver = weaver_of(bytearray(b"\1\0"), 1)
    with pytest.raises(IndexError):
        weaver.put(1, bytearray(9), 0, 9)
    with pytest.raises(IndexError):
        weaver.put(0, bytearray(9), 0, 10)
    with pytest.raises(IndexError):
        weaver.fill(bytearray(9), 10, 9)
    with pytest.raises(IndexError):
        weaver.fill(bytearray(9), 0, 9)  # there is no array 1
    with pytest.raises(IndexError):
        weaver.skip()
    nothing = weaver_of(bytearray(), 0)
    assert nothing.fill(bytearray(9), 3, 9) == 3
    with pytest.raises(IndexError):
        nothing.skip()
