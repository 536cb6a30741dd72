from __future__ import annotations

from pathlib import Path

import pytest

from vivant.graph.errors import VivantError
from vivant.nodes.outputs.part_folder import PartFolder


def fill(parts: PartFolder, count: int) -> None:
    for number in range(count):
        parts.next.write_text(f"new {number + 1}")
        parts.added()


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def test_files_appear_at_the_end_under_their_names(tmp_path: Path) -> None:
    (tmp_path / "f_02.txt").write_text("old")
    parts = PartFolder(tmp_path, "f_{:02d}.txt")
    fill(parts, 3)
    assert (tmp_path / "f_02.txt").read_text() == "old"
    assert not (tmp_path / "f_01.txt").exists()
    parts.finish()
    assert texts(tmp_path) == {"f_01.txt": "new 1", "f_02.txt": "new 2", "f_03.txt": "new 3"}


def test_what_was_begun_and_not_completed_gets_no_name(tmp_path: Path) -> None:
    parts = PartFolder(tmp_path, "f_{:02d}.txt")
    fill(parts, 1)
    parts.next.write_text("half")
    parts.finish()
    assert texts(tmp_path) == {"f_01.txt": "new 1"}


def test_discarded_files_leave_nothing(tmp_path: Path) -> None:
    parts = PartFolder(tmp_path, "f_{:02d}.txt")
    fill(parts, 2)
    parts.discard()
    assert texts(tmp_path) == {}


def test_two_at_the_same_time_keep_apart(tmp_path: Path) -> None:
    one, other = PartFolder(tmp_path, "a{}.txt"), PartFolder(tmp_path, "b{}.txt")
    fill(one, 1)
    fill(other, 1)
    one.finish()
    other.discard()
    assert texts(tmp_path) == {"a1.txt": "new 1"}


def test_a_name_that_is_taken_by_a_folder_is_an_error_that_says_which(tmp_path: Path) -> None:
    (tmp_path / "f_02.txt").mkdir()
    parts = PartFolder(tmp_path, "f_{:02d}.txt")
    fill(parts, 3)
    with pytest.raises(VivantError) as caught:
        parts.finish()
    assert caught.value.where == str(tmp_path / "f_02.txt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f_01.txt", "f_02.txt"]
