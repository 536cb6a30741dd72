from __future__ import annotations

import os
from pathlib import Path

import pytest

from vivant.runtime.file_watch import FileWatch


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.json"
    path.write_text("one")
    return path


def looks(watch: FileWatch, *paths: Path, times: int = 3) -> list[set[str]]:
    return [{path.name for path in watch.look(paths)} for _ in range(times)]


def test_a_change_counts_when_two_looks_agree_and_is_told_once(file: Path) -> None:
    watch = FileWatch([file])
    assert looks(watch, file) == [set(), set(), set()]
    file.write_text("two!")
    assert looks(watch, file, times=4) == [set(), {"a.json"}, set(), set()]


def test_half_a_file_is_no_change(file: Path) -> None:
    watch = FileWatch([file])
    file.write_text("")
    assert looks(watch, file, times=1) == [set()]
    file.write_text("tw")
    assert looks(watch, file, times=1) == [set()]
    file.write_text("two")
    assert looks(watch, file, times=2) == [set(), {"a.json"}]


def test_a_file_put_in_its_place_is_seen_also_with_the_same_size_and_time(file: Path) -> None:
    watch = FileWatch([file])
    times = (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    other = file.with_name("a.json~")
    other.write_text("two")
    os.utime(other, ns=times)
    other.replace(file)
    assert looks(watch, file, times=2) == [set(), {"a.json"}]


def test_a_file_that_is_gone_for_a_moment_has_not_changed(file: Path) -> None:
    watch = FileWatch([file])
    file.unlink()
    assert looks(watch, file) == [set(), set(), set()]
    file.write_text("one")
    assert looks(watch, file) == [set(), set(), set()]
    file.unlink()
    looks(watch, file)
    file.write_text("two")
    assert looks(watch, file, times=2) == [set(), {"a.json"}]


def test_a_file_that_was_awaited_is_a_change_when_it_comes(file: Path) -> None:
    awaited = file.with_name("lib.glsl")
    watch = FileWatch([file])
    assert looks(watch, file, awaited, times=1) == [set()]
    awaited.write_text("x")
    assert looks(watch, file, awaited, times=2) == [set(), {"lib.glsl"}]


def test_saving_the_same_again_is_no_change(file: Path) -> None:
    watch = FileWatch([file])
    os.utime(file, ns=(1, 1))
    assert looks(watch, file) == [set(), set(), set()]
    file.write_text("two")
    looks(watch, file, times=1)
    file.write_text("one")
    assert looks(watch, file) == [set(), set(), set()]


def test_of_a_file_that_is_asked_for_later_the_content_then_counts(file: Path) -> None:
    watch = FileWatch()
    file.write_text("two")
    assert looks(watch, file, times=2) == [set(), set()]
    assert looks(watch, times=1) == [set()]
    file.write_text("three")  # nobody looked at it meanwhile
    assert looks(watch, file, times=3) == [set(), set(), set()]
