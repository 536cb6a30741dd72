from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vivant.nodes.sources.camera_list import Camera, list_cameras


class Stub:
    """A capture that opens or not."""

    def __init__(self, opens: bool, log: list[str]) -> None:
        self.opens = opens
        self.log = log

    def isOpened(self) -> bool:  # noqa: N802
        return self.opens

    def release(self) -> None:
        self.log.append("released")

    def grab(self) -> bool:
        raise AssertionError("a list needs no frame")

    def retrieve(self) -> tuple[bool, Any]:
        raise AssertionError("a list needs no frame")

    def get(self, propId: int, /) -> float:  # noqa: N803
        raise AssertionError("a list needs no property")

    def set(self, propId: int, value: float, /) -> bool:  # noqa: N803
        raise AssertionError("a list changes nothing")


@pytest.fixture
def linux(tmp_path: Path) -> Path:
    for node, index, name in (
        ("video10", "0", "Capture card"),
        ("video0", "0", "Webcam"),
        ("video1", "1", "Webcam"),  # its metadata
        ("video2", "0", "Phone"),
        ("v4l-subdev0", "0", "Sensor"),
    ):
        (tmp_path / node).mkdir()
        (tmp_path / node / "index").write_text(f"{index}\n")
        (tmp_path / node / "name").write_text(f"{name}\n")
    (tmp_path / "video3").mkdir()  # says nothing about itself
    return tmp_path


def test_linux_names_its_cameras_and_says_which_open(linux: Path) -> None:
    log: list[str] = []
    found = list_cameras(connect=lambda device: Stub(device != 2, log), platform="linux", linux=linux)
    assert found == [
        Camera(0, "Webcam", True),
        Camera(2, "Phone", False),
        Camera(3, "video3", True),
        Camera(10, "Capture card", True),
    ]
    assert log == ["released"] * 4
    assert str(found[0]) == "0: Webcam"
    assert "cannot be opened" in str(found[1])


def test_without_probing_no_camera_is_touched(linux: Path) -> None:
    def refuse(device: int | str) -> Stub:
        raise AssertionError("opened")

    found = list_cameras(probe=False, connect=refuse, platform="linux", linux=linux)
    assert [camera.opens for camera in found] == [None] * 4
    assert list_cameras(probe=False, connect=refuse, platform="win32") == []


def test_elsewhere_numbers_are_tried() -> None:
    log: list[str] = []
    found = list_cameras(connect=lambda device: Stub(device in (0, 4), log), platform="darwin")
    assert [camera.device for camera in found] == [0, 4]
    assert len(log) == 6


def test_a_linux_without_the_list(tmp_path: Path) -> None:
    assert list_cameras(platform="linux", linux=tmp_path / "nothing") == []
