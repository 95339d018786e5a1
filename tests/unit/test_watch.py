"""A file that changed is noticed once, when it rests, however it was replaced."""

import os
from pathlib import Path

from twemproxy.control.watch import Watch


def looks(watch: Watch, count: int = 3) -> list[bool]:
    """Look some times in a row."""
    return [watch.changed() for _ in range(count)]


def test_nothing_happens_to_a_file_that_rests(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("a")
    assert looks(Watch(str(file))) == [False] * 3


def test_a_change_counts_once_and_after_one_look_at_rest(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("a")
    watch = Watch(str(file))
    file.write_text("ab")
    assert looks(watch) == [False, True, False]


def test_a_file_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("a")
    watch = Watch(str(file))
    for length in range(2, 6):
        file.write_text("a" * length)
        assert not watch.changed()
    assert looks(watch) == [True, False, False]


def test_a_file_of_the_same_size_put_in_its_place_is_another(tmp_path: Path) -> None:
    file, other = tmp_path / "f", tmp_path / "g"
    for path in (file, other):
        path.write_text("a")
        os.utime(path, (1, 1))
    watch = Watch(str(file))
    other.replace(file)
    assert looks(watch) == [False, True, False]


def test_a_link_that_leads_elsewhere_is_another_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_text("a")
    data, fresh = tmp_path / "data", tmp_path / "fresh"
    data.symlink_to("one")
    watch = Watch(str(data / "f"))
    fresh.symlink_to("two")
    fresh.replace(data)
    assert looks(watch) == [False, True, False]


def test_a_file_that_is_gone_for_a_while_is_not_a_change(tmp_path: Path) -> None:
    file, aside = tmp_path / "f", tmp_path / "g"
    file.write_text("a")
    watch = Watch(str(file))
    file.rename(aside)
    assert looks(watch) == [False] * 3
    aside.rename(file)
    assert looks(watch) == [False] * 3
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert looks(Watch(str(loop))) == [False] * 3


def test_what_was_read_for_another_reason_is_no_news(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("a")
    watch = Watch(str(file))
    file.write_text("ab")
    watch.note()
    assert looks(watch) == [False] * 3
    file.write_text("abc")
    assert looks(watch) == [False, True, False]
