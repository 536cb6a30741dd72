"""Which cameras there are."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from vivant.nodes.sources.capture import Connect, connect

PROBED = 6
"""Numbers tried where the system offers no list; cameras beyond are rare, and each try takes time."""
LINUX_LIST = Path("/sys/class/video4linux")


@dataclass(frozen=True)
class Camera:
    """A camera found on this machine.

    Attributes:
        device: What to give the parameter `device`.
        name: The name it has for people.
        opens: Whether it could be opened just now; None: not tried.
    """

    device: int
    name: str
    opens: bool | None = None

    def __str__(self) -> str:
        state = " (cannot be opened: in use, or not permitted)" if self.opens is False else ""
        return f"{self.device}: {self.name}{state}"


def list_cameras(
    *, probe: bool = True, connect: Connect = connect, platform: str = sys.platform, linux: Path = LINUX_LIST
) -> list[Camera]:
    """Return the cameras of this machine, by number.

    Args:
        probe: Open each one to see whether it works; its lamp lights for a moment. Without this, systems
            other than Linux, which can only be asked by trying, show none.
        connect: Opens a device.
        platform: As ``sys.platform``.
        linux: Where Linux lists its video devices.
    """
    if platform == "linux":
        return [
            Camera(number, name, _opens(number, connect) if probe else None) for number, name in _linux_devices(linux)
        ]
    if not probe:
        return []
    return [Camera(number, f"camera {number}", True) for number in range(PROBED) if _opens(number, connect)]


def _opens(device: int, connect: Connect) -> bool:
    capture = connect(device)
    try:
        return capture.isOpened()
    finally:
        capture.release()


def _linux_devices(folder: Path) -> list[tuple[int, str]]:
    """Return number and name of each device that captures pictures."""
    found: list[tuple[int, str]] = []
    entries = folder.iterdir() if folder.is_dir() else iter(())
    for entry in entries:
        match = re.fullmatch(r"video(\d+)", entry.name)
        # A USB camera shows up twice; the node with index 1 carries only its metadata.
        if match and _read(entry / "index") in ("", "0"):
            found.append((int(match[1]), _read(entry / "name") or entry.name))
    return sorted(found)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
