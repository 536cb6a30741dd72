from __future__ import annotations

import struct
from pathlib import Path
from typing import ClassVar

import pytest

from vivant.nodes.sources.camera_formats import CameraFormat, camera_formats


def fourcc(text: str) -> int:
    return int.from_bytes(text.encode(), "little")


class Driver:
    """A driver with a list of sizes for MJPG, and any size up to 800 x 600 for YUYV."""

    sizes = ((1920, 1080), (640, 480))
    rates: ClassVar = {(1920, 1080): ((1, 30),), (640, 480): ((1, 15), (1001, 60000))}

    def __call__(self, file: int, request: int, buffer: bytearray) -> None:
        size, group, number = request >> 16 & 0x3FFF, chr(request >> 8 & 0xFF), request & 0xFF
        assert (len(buffer), group, request >> 30) == (size, "V", 3)
        index, second = struct.unpack_from("<2I", buffer)
        try:
            if number == 2:
                assert second == 1  # capture
                struct.pack_into("<I", buffer, 44, [fourcc("MJPG"), fourcc("YUYV")][index])
            elif number == 74:
                mjpg = second == fourcc("MJPG")
                entries = [(1, *size) for size in self.sizes] if mjpg else [(3, 32, 800, 2, 24, 600, 2)]
                entry = entries[index]
                struct.pack_into(f"<{len(entry)}I", buffer, 8, *entry)
            elif number == 75:
                width, height = struct.unpack_from("<2I", buffer, 8)
                mjpg = second == fourcc("MJPG")
                entries = [(1, *rate) for rate in self.rates[width, height]] if mjpg else [(2, 1, 25, 1, 1, 1, 25)]
                entry = entries[index]
                struct.pack_into(f"<{len(entry)}I", buffer, 16, *entry)
            else:
                raise AssertionError(f"nobody asks for {number}")
        except IndexError:
            raise OSError("EINVAL") from None


def test_a_driver_is_asked_for_all_it_has(tmp_path: Path) -> None:
    device = tmp_path / "video0"
    device.touch()
    found = camera_formats(device, Driver())
    assert found == [
        CameraFormat("MJPG", 1920, 1080, 30),
        CameraFormat("MJPG", 640, 480, 59.94),
        CameraFormat("YUYV", 800, 600, 25),
    ]
    assert str(found[1]) == "MJPG 640 x 480 at 59.94 Hz"


def test_a_driver_whose_list_never_ends_is_left(tmp_path: Path) -> None:
    device = tmp_path / "video0"
    device.touch()

    def same(file: int, request: int, buffer: bytearray) -> None:
        if request & 0xFF == 74:
            struct.pack_into("<3I", buffer, 8, 1, 640, 480)
        elif request & 0xFF == 75:
            raise OSError("EINVAL")

    assert len(camera_formats(device, same)) == 64 * 64


@pytest.mark.parametrize("name", ["nothing", "file"])
def test_what_is_no_camera_has_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    assert camera_formats(tmp_path / name) == []
