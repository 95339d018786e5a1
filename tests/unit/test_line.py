"""A line takes more keys while none of it is sent, none twice, and not without end."""

from twemproxy.proxy.line import Line

MARKS = 1024
MAX_LINE_BYTES = 1024
MAX_LINE_KEYS = 100


def line_of(length: int = 7, keys: int = 1) -> Line:
    """Return a line that ends at 107 and has a key of hash 5."""
    line = Line()
    line.begin()
    line.mark(5)
    line.grow(107, length, keys, False)
    return line


def test_a_new_line_has_nothing_to_add_to() -> None:
    assert not Line().may_grow(0, 0, 1)


def test_a_key_is_added_to_what_comes_last() -> None:
    line = line_of()
    assert line.may_grow(107, 7, 1)
    assert line.may_grow(107, 9, 1)
    assert not line.may_grow(108, 8, 1)


def test_what_is_partly_sent_does_not_grow() -> None:
    assert not line_of().may_grow(107, 6, 1)


def test_a_key_is_of_one_line() -> None:
    line = line_of()
    assert line.has(5)
    assert line.has(5 + MARKS)
    assert not line.has(6)
    line.mark(6)
    assert line.has(6)
    line.begin()
    assert not line.has(5)
    assert not line.has(6)


def test_a_line_stays_short() -> None:
    assert line_of(MAX_LINE_BYTES).may_grow(107, MAX_LINE_BYTES, 1)
    assert not line_of(MAX_LINE_BYTES + 1).may_grow(107, MAX_LINE_BYTES + 1, 1)


def test_a_line_has_few_keys() -> None:
    line = line_of(keys=MAX_LINE_KEYS - 5)
    assert line.may_grow(107, 7, 5)
    assert not line.may_grow(107, 7, 6)
    line.grow(120, 13, 5, True)
    assert line.blank
    assert (line.end, line.length, line.count) == (120, 20, MAX_LINE_KEYS)
    assert not line.may_grow(120, 20, 1)
