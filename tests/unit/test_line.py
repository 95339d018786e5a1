"""A line takes more keys while none of it is sent, none twice, and not without end."""

from twemproxy.proxy.line import Line

MARKS = 1024
MAX_LINE_BYTES = 1024
MAX_LINE_KEYS = 100


def line_of(length: int = 7, end: int = 107) -> Line:
    """Return a line that ends there and has one key, of hash 5."""
    line = Line()
    line.begin(end, length, 5)
    return line


def test_a_new_line_has_nothing_to_add_to() -> None:
    assert not Line().may_grow(0, 0, 2, 5)


def test_a_key_is_added_to_what_comes_last() -> None:
    line = line_of()
    assert line.may_grow(107, 7, 3, 6)
    assert not line.may_grow(108, 8, 3, 6)


def test_what_is_partly_sent_does_not_grow() -> None:
    assert not line_of().may_grow(107, 6, 3, 6)


def test_no_key_is_there_twice() -> None:
    line = line_of()
    assert not line.may_grow(107, 7, 3, 5)
    assert not line.may_grow(107, 7, 3, 5 + MARKS)
    line.grow(3, 6)
    assert line.end == 110
    assert not line.may_grow(110, 10, 3, 6)
    line.begin(120, 10, 6)
    assert line.may_grow(120, 10, 3, 5)


def test_a_line_stays_short() -> None:
    line = line_of()
    assert line.may_grow(107, 7, MAX_LINE_BYTES - 7, 6)
    assert not line.may_grow(107, 7, MAX_LINE_BYTES - 6, 6)


def test_a_line_has_few_keys() -> None:
    line = line_of()
    for number in range(6, 5 + MAX_LINE_KEYS):
        assert line.may_grow(line.end, line.length, 2, number)
        line.grow(2, number)
    assert line.count == MAX_LINE_KEYS
    assert not line.may_grow(line.end, line.length, 2, 4)
