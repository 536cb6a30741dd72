"""Which camera it is, whatever number it gets: found by its name, and found again after it was unplugged."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from vivant.graph.errors import VivantError
from vivant.nodes.sources.camera_list import LINUX_LIST, Camera, list_cameras

LINUX_LINKS = Path("/dev/v4l")
DEVICES = Path("/dev")


@dataclass(frozen=True)
class CameraIdentity:
    """What stays the same when a camera is unplugged and comes back under another number.

    Attributes:
        device: What it was opened by first.
        name: The name it has for people, as far as the system tells.
        link: Linux's own link to it, by its maker and serial number or else by its socket; None where there is none.
    """

    device: int | str
    name: str = ""
    link: Path | None = None

    @property
    def lasting_name(self) -> str:
        """A name under which it is known again on another day, as far as the system gives one."""
        return self.link.name if self.link else self.name or str(self.device)

    def __str__(self) -> str:
        return f"camera {self.device}" + (f" ({self.name})" if self.name and self.name != self.device else "")


@dataclass(frozen=True)
class CameraPlaces:
    """Where a system keeps its cameras; tests bring their own.

    Attributes:
        platform: As ``sys.platform``.
        listed: Where Linux lists its video devices.
        links: Where Linux keeps links to them by what they are.
        devices: Where they are opened.
    """

    platform: str = ""
    listed: Path = LINUX_LIST
    links: Path = LINUX_LINKS
    devices: Path = DEVICES

    @property
    def linux(self) -> bool:
        """Whether this is a Linux, which names its cameras."""
        return (self.platform or sys.platform) == "linux"

    def cameras(self) -> list[Camera]:
        """Return the cameras that can be told without trying."""
        return list_cameras(probe=False, platform=self.platform or sys.platform, linux=self.listed)


def chosen_device(given: int | str, places: CameraPlaces) -> int | str:
    """Return the number or path of the camera that a parameter names.

    Args:
        given: A number (as text, too), a path, an address, or a name or a part of one.
        places: Where to look.

    Raises:
        VivantError: Several cameras are called so, or none.
    """
    if isinstance(given, int):
        return given
    if given.isascii() and given.isdigit():
        return int(given)
    if not places.linux or "/" in given:
        return given
    cameras = places.cameras()
    wanted = given.casefold()
    found = [c for c in cameras if c.name.casefold() == wanted]
    found = found or [c for c in cameras if wanted in c.name.casefold()]
    if len(found) == 1:
        return found[0].device
    listed = ", ".join(map(str, found or cameras))
    raise VivantError(
        f"several cameras are called {given!r}" if found else f"no camera is called {given!r}",
        where=f"camera {given}",
        remedy=f"set device to one of these numbers: {listed}" if listed else "no camera was found: plug one in",
    )


def identify(device: int | str, places: CameraPlaces) -> CameraIdentity:
    """Tell who the camera is that is now at a number or path."""
    file = _file(device, places)
    if file is None:
        return CameraIdentity(device)
    target = file.resolve()
    links = (link for kind in ("by-id", "by-path") for link in sorted((places.links / kind).glob("*")))
    link = next((link for link in links if link.resolve() == target), None)
    name = next((c.name for c in places.cameras() if target.name == f"video{c.device}"), "")
    return CameraIdentity(device, name, link)


def present_device(identity: CameraIdentity, places: CameraPlaces) -> int | str:
    """Return where a camera is now.

    Raises:
        VivantError: It is not there. Another one that got its number is not taken for it.
    """
    gone = VivantError(
        "the camera is gone", where=str(identity), remedy="plug it in again; it is taken up as soon as it is there"
    )
    if identity.link is not None:
        if not identity.link.exists():
            raise gone
        return str(identity.link.resolve())
    if not identity.name:
        return identity.device
    found = [c.device for c in places.cameras() if c.name == identity.name]
    if not found:
        raise gone
    return identity.device if identity.device in found else found[0]


def is_plugged_in(device: int | str, places: CameraPlaces) -> bool:
    """Whether a camera that was opened is still there, as far as the system tells."""
    file = _file(device, places)
    return file is None or file.exists()


def _file(device: int | str, places: CameraPlaces) -> Path | None:
    """Return the file behind a camera, on a system that has such files."""
    if not places.linux:
        return None
    file = places.devices / f"video{device}" if isinstance(device, int) else Path(device)
    return file if file.is_relative_to(places.devices) else None
