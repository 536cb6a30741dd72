from __future__ import annotations

from pathlib import Path

import pytest

from vivant.graph.errors import VivantError
from vivant.nodes.sources.camera_identity import (
    CameraIdentity,
    CameraPlaces,
    chosen_device,
    identify,
    is_plugged_in,
    present_device,
)


class Computer:
    """A Linux with cameras."""

    def __init__(self, folder: Path) -> None:
        self.places = CameraPlaces("linux", folder / "class", folder / "v4l", folder / "dev")

    def plug_in(self, number: int, name: str, **links: str) -> None:
        self.places.devices.mkdir(exist_ok=True)
        (self.places.devices / f"video{number}").touch()
        entry = self.places.listed / f"video{number}"
        entry.mkdir(parents=True)
        (entry / "index").write_text("0\n")
        (entry / "name").write_text(f"{name}\n")
        for kind, link in links.items():
            folder = self.places.links / kind.replace("_", "-")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / link).symlink_to(self.places.devices / f"video{number}")

    def unplug(self, number: int) -> None:
        target = self.places.devices / f"video{number}"
        for link in self.places.links.glob("*/*"):
            if link.readlink() == target:
                link.unlink()
        target.unlink()
        entry = self.places.listed / f"video{number}"
        for file in entry.iterdir():
            file.unlink()
        entry.rmdir()


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    made = Computer(tmp_path)
    made.plug_in(0, "HD Webcam: HD Webcam", by_id="usb-Maker_HD_1-video-index0", by_path="pci-1-video-index0")
    made.plug_in(2, "Phone", by_path="pci-2-video-index0")
    made.plug_in(4, "Loopback")
    return made


@pytest.mark.parametrize(
    ("given", "device"),
    [
        (3, 3),
        ("2", 2),
        ("/dev/video7", "/dev/video7"),
        ("rtsp://somewhere/stream", "rtsp://somewhere/stream"),
        ("Phone", 2),
        ("hd web", 0),
        ("LOOPBACK", 4),
    ],
)
def test_a_camera_is_chosen_by_number_path_address_or_name(
    computer: Computer, given: int | str, device: int | str
) -> None:
    assert chosen_device(given, computer.places) == device


def test_a_name_that_fits_none_or_several_lists_them(computer: Computer) -> None:
    with pytest.raises(VivantError, match="no camera is called 'Fax'") as none:
        chosen_device("Fax", computer.places)
    assert "0: HD Webcam: HD Webcam, 2: Phone, 4: Loopback" in none.value.remedy
    computer.plug_in(6, "Phone (2)")
    assert chosen_device("phone", computer.places) == 2  # the whole name comes before a part of one
    with pytest.raises(VivantError, match="several cameras are called 'hon'") as several:
        chosen_device("hon", computer.places)
    assert several.value.remedy.endswith("2: Phone, 6: Phone (2)")


def test_a_name_elsewhere_is_left_to_opencv() -> None:
    assert chosen_device("Phone", CameraPlaces("win32")) == "Phone"


@pytest.mark.parametrize(
    ("device", "link"), [(0, "by-id/usb-Maker_HD_1-video-index0"), (2, "by-path/pci-2-video-index0"), (4, None)]
)
def test_who_it_is(computer: Computer, device: int, link: str | None) -> None:
    identity = identify(device, computer.places)
    assert identity.link == (computer.places.links / link if link else None)
    assert identity.name in str(identity) and f"camera {device}" in str(identity)
    assert identify(str(computer.places.devices / f"video{device}"), computer.places).link == identity.link


@pytest.mark.parametrize(("device", "name", "links"), [
    (0, "HD Webcam: HD Webcam", {"by_id": "usb-Maker_HD_1-video-index0"}),
    (2, "Phone", {"by_path": "pci-2-video-index0"}),
    (4, "Loopback", {}),
])  # fmt: skip
def test_it_is_found_again_under_another_number(
    computer: Computer, device: int, name: str, links: dict[str, str]
) -> None:
    identity = identify(device, computer.places)
    assert is_plugged_in(device, computer.places)
    computer.unplug(device)
    assert not is_plugged_in(device, computer.places)
    computer.plug_in(device + 1, "Another")
    with pytest.raises(VivantError, match="the camera is gone"):
        present_device(identity, computer.places)
    computer.plug_in(8, name, **links)
    found = present_device(identity, computer.places)
    assert found == (str(computer.places.devices / "video8") if links else 8)


def test_another_camera_that_got_its_number_is_not_taken_for_it(computer: Computer) -> None:
    identity = identify(0, computer.places)
    computer.unplug(0)
    computer.plug_in(0, "Another", by_id="usb-Other_9-video-index0")
    with pytest.raises(VivantError, match="gone") as raised:
        present_device(identity, computer.places)
    assert "HD Webcam" in raised.value.where


def test_what_has_no_identity_is_opened_as_it_was(computer: Computer) -> None:
    for places in (computer.places, CameraPlaces("darwin")):
        identity = identify("rtsp://somewhere", places)
        assert identity == CameraIdentity("rtsp://somewhere")
        assert present_device(identity, places) == "rtsp://somewhere"
        assert is_plugged_in("rtsp://somewhere", places)
    assert present_device(identify(1, CameraPlaces("win32")), CameraPlaces("win32")) == 1
