from __future__ import annotations

import errno
import os
import shutil
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from vivant.graph.errors import VivantError
from vivant.nodes.outputs.part_file import PartFile


def test_it_is_hidden_beside_its_target_and_takes_its_place(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    target.write_text("old")
    part = PartFile(target)
    part.path.write_text("new")
    assert part.path.parent == tmp_path
    assert part.path.name.startswith(".")
    assert part.path.suffix == ".mp4"
    assert target.read_text() == "old"
    part.finish()
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.mp4", "new")]


def test_discarded_it_leaves_the_older_file(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    target.write_text("old")
    PartFile(target).discard()
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.mp4", "old")]


def test_two_of_one_target_do_not_meet(tmp_path: Path) -> None:
    first, second = PartFile(tmp_path / "a.mp4"), PartFile(tmp_path / "a.mp4")
    assert first.path != second.path


@pytest.mark.skipif(sys.platform == "win32", reason="no permission bits on Windows")
def test_it_is_as_readable_as_any_new_file(tmp_path: Path) -> None:
    part = PartFile(tmp_path / "a.mp4")
    (tmp_path / "b").touch()
    assert part.path.stat().st_mode == (tmp_path / "b").stat().st_mode


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(VivantError, match="folder to write to does not exist") as caught:
        PartFile(tmp_path / "gone" / "a.mp4")
    assert caught.value.where == str(tmp_path / "gone")
    assert caught.value.exit_status == 2


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").mkdir()
    with pytest.raises(VivantError, match="this is a folder"):
        PartFile(tmp_path / "a.mp4")


def test_a_full_disk_shows_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(100, 100, 0))
    with pytest.raises(VivantError, match="no space left") as caught:
        PartFile(tmp_path / "a.mp4")
    assert "make room" in caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)  # the user who runs the tests may be allowed everything
    with pytest.raises(VivantError, match="permission denied") as caught:
        PartFile(tmp_path / "a.mp4")
    assert "permission" in caught.value.remedy


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(VivantError, match="cannot be written") as caught:
        PartFile(tmp_path / ("a" * 250 + ".mp4"))
    assert "shorter" in caught.value.remedy
